import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BUNDLE_NAME, bundle, removeBundles } from '../../infra/bundle.ts'
import type { Row } from './numbers.ts'
import { BenchError } from './options.ts'
import { createRows } from './rows.ts'
import { turns } from './servers.ts'

/** Compared in one table; ours goes first. */
export const IMPORT_NAMES = ['registry', 'bare hono and jose'] as const
type ImportName = (typeof IMPORT_NAMES)[number]

const ENTRIES: Readonly<Record<ImportName, string>> = {
  registry: 'functions/registry/handler.ts',
  'bare hono and jose': 'test/bench/bare-bundle.ts',
}
/** Of so short a time the median of three says nothing. */
const PROCESSES = 20

/** As the stack gives it to the function; nothing is asked of it at an import. */
const ENVIRONMENT = {
  AWS_REGION: 'eu-central-1',
  TABLE_NAME: 'table',
  BUCKET_NAME: 'bucket',
  QUEUE_URL: 'https://sqs.example.com/1/queue',
  ADMIN_SECRET: 'secret',
  CREATE_PROJECTS_ON_PUSH: 'true',
  ALLOW_SPARSE: 'false',
}

/** How long a bundle takes to load, in processes that do nothing else, in turns; alone, and with the process around it. */
export const importTime = async (progress: (text: string) => void): Promise<readonly Row[]> => {
  const rows = createRows()
  try {
    const files = new Map(
      IMPORT_NAMES.map((name) => {
        progress(`a bundle of ${name}`)
        const made = bundle(ENTRIES[name])
        const bytes = made.files.cold.map((file) => made.files.outputs[file]?.bytes ?? 0)
        const total = bytes.reduce((sum, one) => sum + one, 0)
        rows.add('what is read at the start', 'KB', false, name, total / 1_000)
        return [name, join(made.directory, `${BUNDLE_NAME}.mjs`)] as const
      }),
    )
    progress(`${PROCESSES} processes of each`)
    // The first of each reads from the disk what the others have in memory.
    for (const file of files.values()) await timeOf(file)
    for (let round = 0; round < PROCESSES; round += 1) {
      for (const [name, file] of turns(round, [...files])) {
        const { importMs, processMs } = await timeOf(file)
        rows.add('import', 'ms', false, name, importMs)
        rows.add('import, as a whole process', 'ms', false, name, processMs)
      }
    }
  } finally {
    removeBundles()
  }
  return rows.list()
}

/** Of a process that says how long it took to load a file. */
const scriptFor = (file: string): string => `
  const began = performance.now()
  await import(${JSON.stringify(pathToFileURL(file).href)})
  process.stdout.write(String(performance.now() - began))`

const timeOf = async (file: string) => {
  const began = performance.now()
  const child = spawn(process.execPath, ['--input-type=module', '--eval', scriptFor(file)], {
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let said = ''
  child.stdout.on('data', (text: Buffer) => (said += text.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  const importMs = Number(said)
  if (code !== 0 || !(importMs > 0)) throw new BenchError(`${file} did not load`)
  return { importMs, processMs: performance.now() - began }
}
