import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
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

/** From the start of a process to its end, in which a bundle is loaded and nothing else done, in turns. */
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
        rows.add('import, as a whole process', 'ms', false, name, await timeOf(file))
      }
    }
  } finally {
    removeBundles()
  }
  return rows.list()
}

const timeOf = async (file: string): Promise<number> => {
  const began = performance.now()
  const child = spawn(process.execPath, [file], { env: ENVIRONMENT, stdio: 'ignore' })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new BenchError(`${file} did not load`)
  return performance.now() - began
}
