import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { once } from './once.ts'

const run = promisify(execFile)

/** Installs Python packages into an environment of their own; needs `python3` with `venv`. */
export const installPython = async (
  directory: string,
  packages: readonly string[],
): Promise<void> => {
  await once(directory, async (fresh) => {
    await run('python3', ['-m', 'venv', fresh])
    await run(pythonIn(fresh), ['-m', 'pip', 'install', '--quiet', ...packages])
  })
}

/** The interpreter of an environment. Its scripts name the directory that they were made in: run modules instead. */
export const pythonIn = (directory: string): string => join(directory, 'bin', 'python')
