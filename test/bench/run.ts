import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { access } from './access.ts'
import { collect } from './collect.ts'
import { compare } from './compare.ts'
import { IMPORT_NAMES, importTime } from './import.ts'
import { lists } from './lists.ts'
import { formatTable } from './numbers.ts'
import type { Row } from './numbers.ts'
import { BenchError, HELP, parseBenchOptions } from './options.ts'
import type { BenchOptions } from './options.ts'
import { push, PUSH_NAMES } from './push.ts'
import { NAMES } from './servers.ts'
import { start } from './start.ts'
import { tags } from './tags.ts'
import { upload } from './upload.ts'

type Progress = (text: string) => void

const measure = async (
  options: BenchOptions,
  directory: string,
  progress: Progress,
): Promise<readonly Row[]> => {
  switch (options.bench) {
    case 'compare':
      return await compare(options, directory, progress)
    case 'upload':
      return await upload(directory, progress)
    case 'tags':
      return await tags(options, directory, progress)
    case 'lists':
      return await lists(options, directory, progress)
    case 'access':
      return await access(options, directory, progress)
    case 'start':
      return await start(options, directory, progress)
    case 'import':
      return await importTime(progress)
    case 'collect':
      return await collect(options, directory, progress)
    case 'push':
      return await push(options, directory, progress)
    default:
      return options.bench satisfies never
  }
}

const namesOf = (bench: BenchOptions['bench']): readonly string[] => {
  if (bench === 'push') return PUSH_NAMES
  return bench === 'import' ? IMPORT_NAMES : NAMES
}

/** Beside the project and not in the directory for temporary files: that may be in memory, where flushes are free. */
const withScratch = async <T>(use: (directory: string) => Promise<T>): Promise<T> => {
  const parent = resolve('.roadstead')
  await mkdir(parent, { recursive: true })
  const directory = await mkdtemp(join(parent, 'bench-'))
  try {
    return await use(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const run = async (options: BenchOptions): Promise<void> => {
  const progress: Progress = (text) => {
    process.stderr.write(`${text}\n`)
  }
  const rows = await withScratch(async (directory) => await measure(options, directory, progress))
  const machine = `${cpus().length} CPUs (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}`
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...options, machine, rows }, undefined, 2)}\n`)
    return
  }
  process.stdout.write(`${machine}\nmedian [least-most]; "vs" is how many times better we are\n\n`)
  process.stdout.write(`${formatTable(rows, namesOf(options.bench))}\n`)
}

try {
  const options = parseBenchOptions(process.argv.slice(2))
  if (options === 'help') process.stdout.write(`${HELP}\n`)
  else await run(options)
} catch (error) {
  if (!(error instanceof BenchError)) throw error
  process.stderr.write(`bench: ${error.message}\n`)
  process.exitCode = 1
}
