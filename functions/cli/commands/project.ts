import type { Command } from 'commander'
import * as z from 'zod'
import { currentAccount } from '../accounts.ts'
import { CliError, createClient } from '../client.ts'
import { showExamples } from '../examples.ts'
import { print, printList } from '../output.ts'
import { parseSize } from '../parse.ts'

const project = z.object({
  project_id: z.int(),
  name: z.string(),
  repo_count: z.int().default(0),
  owner_name: z.string().default(''),
  creation_time: z.string(),
  metadata: z.object({ public: z.string().default('false') }),
})
const member = z.object({
  id: z.int(),
  entity_name: z.string(),
  role_name: z.string(),
  role_id: z.int(),
})

/** Harbor's numbers of the roles that a member has. */
const ROLES: Readonly<Record<string, number>> = {
  admin: 1,
  developer: 2,
  guest: 3,
  maintainer: 4,
  'limited-guest': 5,
}

const roleOf = (name: string): number => {
  const role = ROLES[name]
  if (role !== undefined) return role
  throw new CliError(`a role is one of ${Object.keys(ROLES).join(', ')}`)
}

const at = (name: string): string => `/projects/${encodeURIComponent(name)}`

/** project list, create, show, delete, members, add-member, remove-member */
export const addProject = (program: Command): void => {
  const command = program.command('project').summary('projects and their members')

  showExamples(
    command,
    'roadstead project create team --quota 10GiB',
    'roadstead project add-member team alice --role developer',
    'roadstead project list --json',
  )

  command
    .command('list')
    .summary('the projects that you may see')
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }) => {
      const projects = await createClient(currentAccount()).list('/projects', project)
      printList(
        projects,
        [
          ['NAME', ({ name }) => name],
          ['ID', ({ project_id }) => project_id],
          ['ACCESS', ({ metadata }) => (metadata.public === 'true' ? 'public' : 'private')],
          ['REPOSITORIES', ({ repo_count }) => repo_count],
          ['OWNER', ({ owner_name }) => owner_name],
          ['CREATED', ({ creation_time }) => creation_time],
        ],
        options,
      )
    })

  command
    .command('create')
    .summary('make a project')
    .argument('<name>')
    .option('--public', 'everybody may pull')
    .option('--quota <size>', 'what it may store, such as 10GiB (administrators only)', parseSize)
    .addHelpText('after', '\nExample:\n  roadstead project create team --quota 10GiB')
    .action(async (name: string, options: { public?: boolean; quota?: number }) => {
      await createClient(currentAccount()).send('POST', '/projects', {
        project_name: name,
        metadata: { public: String(options.public === true) },
        ...(options.quota === undefined ? {} : { storage_limit: options.quota }),
      })
      print(`Made the project ${name}`)
    })

  command
    .command('show')
    .summary('one project, as JSON')
    .argument('<name>')
    .action(async (name: string) => {
      const found = await createClient(currentAccount()).get(at(name), z.unknown())
      print(JSON.stringify(found, undefined, 2))
    })

  command
    .command('delete')
    .summary('delete a project that is empty')
    .argument('<name>')
    .action(async (name: string) => {
      await createClient(currentAccount()).send('DELETE', at(name))
      print(`Deleted the project ${name}`)
    })

  command
    .command('members')
    .summary('who is a member, in which role')
    .argument('<project>')
    .option('--json', 'as JSON')
    .action(async (name: string, options: { json?: boolean }) => {
      const members = await createClient(currentAccount()).list(`${at(name)}/members`, member)
      printList(
        members,
        [
          ['NAME', ({ entity_name }) => entity_name],
          ['ROLE', ({ role_name }) => role_name],
        ],
        options,
      )
    })

  command
    .command('add-member')
    .summary('make a user a member')
    .argument('<project>')
    .argument('<user>')
    .requiredOption('--role <role>', Object.keys(ROLES).join(', '))
    .addHelpText('after', '\nExample:\n  roadstead project add-member team alice --role developer')
    .action(async (name: string, user: string, options: { role: string }) => {
      await createClient(currentAccount()).send('POST', `${at(name)}/members`, {
        role_id: roleOf(options.role),
        member_user: { username: user },
      })
      print(`${user} is ${options.role} of ${name}`)
    })

  command
    .command('remove-member')
    .summary('end a membership')
    .argument('<project>')
    .argument('<user>')
    .action(async (name: string, user: string) => {
      const client = createClient(currentAccount())
      const members = await client.list(`${at(name)}/members`, member)
      const found = members.find(({ entity_name }) => entity_name === user)
      if (found === undefined) throw new CliError(`${user} is no member of ${name}`)
      await client.send('DELETE', `${at(name)}/members/${found.id}`)
      print(`${user} is no member of ${name} any more`)
    })
}
