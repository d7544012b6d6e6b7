import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { once } from './once.ts'

const run = promisify(execFile)

/** Installs Python packages, as pip takes them, into an environment of their own; needs `python3` with `venv`. */
export const installPython = async (
  directory: string,
  packages: readonly string[],
  python = 'python3',
): Promise<void> => {
  await once(directory, async (fresh) => {
    await run(python, ['-m', 'venv', fresh])
    await run(pythonIn(fresh), ['-m', 'pip', 'install', '--quiet', ...packages])
  })
}

/** The interpreter of an environment. Its scripts name the directory that they were made in: run modules instead. */
export const pythonIn = (directory: string): string => join(directory, 'bin', 'python')

/** A Python of this minor version of 3 or a later one; throws when there is none. */
export const findPython = async (minor: number): Promise<string> => {
  const names = [`python3.${minor + 1}`, `python3.${minor}`, 'python3']
  for (const candidate of [...names, ...(await managedPythons())]) {
    const found = await run(candidate, ['-c', 'import sys; print(sys.version_info.minor)']).then(
      ({ stdout }) => Number(stdout),
      () => 0,
    )
    if (found >= minor) return candidate
  }
  throw new Error(`needs Python 3.${minor} or later`)
}

/** What pyenv keeps beside the version that is in use, the latest first. */
const managedPythons = async (): Promise<readonly string[]> => {
  const root = await run('pyenv', ['root']).then(
    ({ stdout }) => join(stdout.trim(), 'versions'),
    () => undefined,
  )
  if (root === undefined) return []
  return (await readdir(root)).toSorted(byNumbers).map((version) => pythonIn(join(root, version)))
}

const byNumbers = (one: string, other: string): number =>
  other.localeCompare(one, 'en', { numeric: true })
