/**
 * The data directory of one server.
 *
 * ```
 * VERSION             {"format":1}: who cannot read that format keeps off
 * lock, lock.pid      held while a server runs; the pid is only for the message
 * table/              the table, LMDB
 * objects/<2 hex>/    one file per object; the directory is a checksum of the key
 * uploads/            per multipart upload a file of parts and the journal that says what is in it
 * incoming/           objects on their way in; whatever lies here when a server starts is left from a crash
 * ```
 */
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory, writeDurably } from './durable.ts'
import { codeOf, isAbsent } from './failures.ts'
import { FAN_OUT_DIRECTORIES } from './object-path.ts'

/** The format of everything below the directory. Raise it with every change that older code cannot read. */
const FORMAT = 1

/** Why a data directory cannot be used; the message is one sentence for whoever started the server. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError'
}

export type DataDirectory = ReturnType<typeof pathsOf>

/** Creates the directory with nobody else's rights, when it is missing, and refuses one that is not ours. */
export const claimDirectory = async (directory: string): Promise<DataDirectory> =>
  await explained(directory, async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const paths = pathsOf(directory)
    const ours = new Set<string>([...Object.values(paths), join(directory, 'lost+found')])
    const strangers = (await readdir(directory)).filter((name) => !ours.has(join(directory, name)))
    if (strangers.length > 0 && (await readVersion(paths)) === undefined) {
      throw new DataDirectoryError(
        `${directory} holds other files (${strangers[0] ?? ''}); give the registry a directory of its own`,
      )
    }
    return paths
  })

/** Brings the claimed and locked directory to the current format, and clears what a crash left. */
export const prepareDirectory = async (paths: DataDirectory): Promise<void> => {
  await explained(paths.root, async () => {
    const found = await readVersion(paths)
    if (found !== undefined && found > FORMAT) {
      throw new DataDirectoryError(
        `${paths.root} was written by a newer version of the registry (format ${found}, this version reads up to ${FORMAT})`,
      )
    }
    await rm(paths.incoming, { recursive: true, force: true })
    await mkdir(paths.incoming, { mode: 0o700 })
    await mkdir(paths.uploads, { recursive: true, mode: 0o700 })
    await makeFanOut(paths.objects)
    await syncDirectory(paths.root)
    // Written last: a directory with a version is complete.
    if (found === undefined) await writeVersion(paths)
  })
}

/** A refusal of the system in words; how the directory came to be unusable does not matter to the reader. */
const explained = async <T>(directory: string, attempt: () => Promise<T>): Promise<T> => {
  try {
    return await attempt()
  } catch (error) {
    if (error instanceof DataDirectoryError) throw error
    const reason = String(codeOf(error) ?? error)
    throw new DataDirectoryError(`the data directory ${directory} cannot be written (${reason})`, {
      cause: error,
    })
  }
}

const pathsOf = (root: string) => ({
  root,
  version: join(root, 'VERSION'),
  newVersion: join(root, 'VERSION.new'),
  lock: join(root, 'lock'),
  lockJournal: join(root, 'lock-journal'),
  pid: join(root, 'lock.pid'),
  table: join(root, 'table'),
  objects: join(root, 'objects'),
  uploads: join(root, 'uploads'),
  incoming: join(root, 'incoming'),
})

const readVersion = async ({ root, version }: DataDirectory): Promise<number | undefined> => {
  const text = await readFile(version, 'utf8').catch((error: unknown) => {
    if (isAbsent(error)) return undefined
    throw error
  })
  if (text === undefined) return undefined
  const format = /^\s*\{\s*"format"\s*:\s*(\d{1,9})\b/.exec(text)?.[1]
  if (format === undefined) {
    throw new DataDirectoryError(`${root} has a VERSION file that no version of the registry wrote`)
  }
  return Number(format)
}

const writeVersion = async (paths: DataDirectory): Promise<void> => {
  await writeDurably(paths.newVersion, [Buffer.from(`${JSON.stringify({ format: FORMAT })}\n`)])
  await rename(paths.newVersion, paths.version)
  await syncDirectory(paths.root)
}

/** Made once and for all, so that a put never has to make its directory durable first. */
const makeFanOut = async (objects: string): Promise<void> => {
  await mkdir(objects, { recursive: true, mode: 0o700 })
  const present = new Set(await readdir(objects))
  const missing = FAN_OUT_DIRECTORIES.filter((name) => !present.has(name))
  for (const name of missing) await mkdir(join(objects, name), { mode: 0o700 })
  if (missing.length > 0) await syncDirectory(objects)
}
