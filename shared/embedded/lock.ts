/**
 * One server per data directory. The lock is the exclusive lock that SQLite takes on the file `lock` (`fcntl` on Linux
 * and macOS): Node has no `flock`, but it has SQLite built in. The kernel decides races, and drops the lock when the
 * process ends in whatever way; it holds across containers that share the directory, where pids mean nothing. The
 * database itself stays empty.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { DataDirectoryError } from './data-directory.ts'
import type { DataDirectory } from './data-directory.ts'

/** SQLITE_BUSY */
const HELD = 5

/** Takes the lock or throws a `DataDirectoryError` that names the process which holds it. Answers how to let go. */
export const lockDirectory = async (paths: DataDirectory): Promise<() => void> => {
  const database = new DatabaseSync(paths.lock, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (!isHeld(error)) throw error
    const pid = await readFile(paths.pid, 'utf8').catch(() => '')
    const holder = pid === '' ? 'another process' : `process ${pid.trim()}`
    throw new DataDirectoryError(`${paths.root} is in use by ${holder}; one server at a time`)
  }
  await writeFile(paths.pid, `${process.pid}\n`, { mode: 0o600 })
  return () => {
    database.close()
  }
}

const isHeld = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === HELD
