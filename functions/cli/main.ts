#!/usr/bin/env node
import { Command } from 'commander'
import * as z from 'zod'
import manifest from '../../package.json' with { type: 'json' }
import { DomainError } from '../../shared/errors.ts'
import { CliError } from './client.ts'
import { addAdmin } from './commands/admin.ts'
import { addAudit } from './commands/audit.ts'
import { addGc } from './commands/gc.ts'
import { addLogin } from './commands/login.ts'
import { addProject } from './commands/project.ts'
import { addProxy } from './commands/proxy.ts'
import { addPush } from './commands/push.ts'
import { addQuota } from './commands/quota.ts'
import { addRobot } from './commands/robot.ts'
import { addUndelete } from './commands/undelete.ts'
import { addUser } from './commands/user.ts'

const EXAMPLES = `
Examples:
  roadstead login http://127.0.0.1:5000 --username admin
  roadstead project create team
  roadstead push docker:app:v1 127.0.0.1:5000/team/app:v1
  roadstead robot create ci -p team:repository:pull -p team:repository:push
  roadstead audit list --since 24h
  roadstead gc run
  roadstead undelete team/app:v1

Instead of login, ROADSTEAD_URL, ROADSTEAD_USER and ROADSTEAD_PASSWORD say who asks.`

const program = new Command('roadstead')
  .description('Manages a Roadstead registry, and pushes to it.')
  .version(manifest.version)
  .showHelpAfterError('(--help shows how)')
  .addHelpText('after', EXAMPLES)

const COMMANDS = [
  ...[
    addLogin,
    addPush,
    addProxy,
    addProject,
    addRobot,
    addUser,
    addQuota,
    addAudit,
    addGc,
    addUndelete,
    addAdmin,
  ],
]
for (const add of COMMANDS) add(program)

const sentenceOf = (error: unknown): string | undefined => {
  if (error instanceof z.ZodError) return 'the registry answered what this version does not know'
  const isKnown = error instanceof CliError || error instanceof DomainError
  return isKnown ? error.message : undefined
}

try {
  await program.parseAsync()
} catch (error) {
  const sentence = sentenceOf(error)
  if (sentence === undefined) throw error
  process.stderr.write(`roadstead: ${sentence}\n`)
  process.exitCode ??= 1
}
