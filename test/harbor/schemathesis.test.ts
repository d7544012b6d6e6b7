/** Requests of all kinds, made from descriptions: no failure of the server, and no status that is not described. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { authorization } from '../support/credentials.ts'
import { writeImage } from '../support/layout.ts'
import { provideRegistry } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'
import { pythonOf } from '../tools/locate.ts'

const registry = provideRegistry()
const workspace = provideWorkspace(registry)
const run = promisify(execFile)

/** Harbor's own description, where somebody has put it. */
const HARBOR = join(import.meta.dirname, '..', '..', '..', 'shared', 'harbor', 'swagger.yaml')
const TIMEOUT_MS = 8 * 60_000
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/** What the parameters of paths are filled with, so that requests get behind the look-up. */
const CONFIGURATION = `
[parameters]
project_name_or_id = "fuzzed"
project_name = "fuzzed"
"path.repository_name" = "app"
reference = "v1"
`

/** Makes something to ask about. */
const prepare = async (): Promise<void> => {
  const headers = {
    Authorization: authorization(registry().login),
    'Content-Type': 'application/json',
  }
  await fetch(`${registry().url}/api/v2.0/projects`, {
    ...{ method: 'POST', headers, body: '{"project_name":"fuzzed"}' },
  })
  const layout = await writeImage(await workspace().directory('image'))
  await workspace().run('crane', 'push', layout.path, `${registry().host}/fuzzed/app:v1`)
}

/** Runs the tool over a description; answers what it said when something was wrong. */
const fuzz = async (description: string, examples: number): Promise<string> => {
  const { path } = workspace()
  const configuration = join(path, 'schemathesis.toml')
  await writeFile(configuration, CONFIGURATION)
  const { login, url } = registry()
  const args = [
    ...['-m', 'schemathesis.cli', '--config-file', configuration, 'run', description],
    ...['--url', `${url}/api/v2.0`, '--auth', `${login.name}:${login.password}`],
    ...['--checks', 'not_a_server_error,status_code_conformance', '--seed', '1', '--no-color'],
    ...['--phases', 'coverage,fuzzing', '--max-examples', String(examples)],
    ...['--continue-on-failure'],
  ]
  try {
    const options = { cwd: path, maxBuffer: MAX_OUTPUT_BYTES, timeout: TIMEOUT_MS }
    await run(pythonOf('schemathesis'), args, options)
    return ''
  } catch (error) {
    return error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error)
  }
}

test(
  'nothing that our own description allows, or forbids, is answered by what it does not describe',
  async () => {
    await prepare()
    expect(await fuzz(`${registry().url}/api/v2.0/openapi.json`, 8)).toBe('')
  },
  TIMEOUT_MS,
)

const operations = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })

/** What the framework of Harbor answers to any request, which its description does not repeat for each. */
const FRAMEWORK = ['400', '401', '403', '404', '405', '409', '412', '413', '415', '422']

// No test at all where it is not: whatever is skipped counts as failed.
if (existsSync(HARBOR)) {
  test(
    'nor is anything that the description of Harbor allows, where both have the path',
    async () => {
      await prepare()
      const ours = operations.parse(
        await (await fetch(`${registry().url}/api/v2.0/openapi.json`)).json(),
      )
      const { stdout } = await run(pythonOf('schemathesis'), [
        '-c',
        'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1])), default=str))',
        HARBOR,
      ])
      const harbor = operations.parse(JSON.parse(stdout))
      const methods = new Set(
        Object.entries(ours.paths).flatMap(([path, item]) =>
          Object.keys(item).map((method) => `${method} ${shapeOf(path)}`),
        ),
      )
      const shared = Object.entries(harbor.paths).flatMap(([path, item]) => {
        const kept = Object.entries(item)
          .filter(([method]) => methods.has(`${method} ${shapeOf(path)}`))
          .map(([method, operation]) => [method, withFramework(operation)] as const)
        return kept.length === 0 ? [] : [[path, Object.fromEntries(kept)] as const]
      })
      expect(shared.length).toBeGreaterThan(30)
      const file = join(workspace().path, 'harbor.json')
      await writeFile(file, JSON.stringify({ ...harbor, paths: Object.fromEntries(shared) }))
      expect((await readFile(file, 'utf8')).length).toBeGreaterThan(0)
      expect(await fuzz(file, 8)).toBe('')
    },
    TIMEOUT_MS,
  )
}

/** A path whatever its parameters are called. */
const shapeOf = (path: string): string => path.replaceAll(/\{[^}]+\}/g, '{}').replace(/\/$/, '')

const described = z.looseObject({ responses: z.record(z.string(), z.unknown()) })

const withFramework = (operation: unknown): unknown => {
  const parsed = described.safeParse(operation)
  if (!parsed.success) return operation
  const framework = Object.fromEntries(FRAMEWORK.map((status) => [status, { description: '' }]))
  return { ...parsed.data, responses: { ...framework, ...parsed.data.responses } }
}
