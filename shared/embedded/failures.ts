/** What a failed call of the file system or of LMDB means to the domain. */
import { RegistryError } from '../oci/errors.ts'
import { PortError } from '../ports.ts'
import type { PortFailure } from '../ports.ts'

/** MDB_MAP_FULL, ENOSPC and EDQUOT, as Node and as lmdb spell them. */
const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', -30792, 28, 122])

/** Runs `attempt`; a failure of the system becomes a `PortError`, which is `full` when there was no room. */
export const guarded = async <T>(otherwise: PortFailure, attempt: () => Promise<T>): Promise<T> => {
  try {
    return await attempt()
  } catch (error) {
    throw await portErrorOf(error, otherwise)
  }
}

/** Whether the file or directory is simply not there. */
export const isAbsent = (error: unknown): boolean => codeOf(error) === 'ENOENT'

/** Whether something stands under that name already. */
export const isTaken = (error: unknown): boolean => codeOf(error) === 'EEXIST'

/** The system's code of an error, for instance `ENOENT`. */
export const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined

const portErrorOf = async (error: unknown, otherwise: PortFailure): Promise<unknown> => {
  // What the caller did wrong, and what has a meaning already, stays as it is.
  if (error instanceof PortError || error instanceof RangeError) return error
  // A body that is written as it comes may fail for a reason of its own.
  if (error instanceof RegistryError) return error
  const cause = await causeOf(error)
  return NO_ROOM.has(codeOf(cause))
    ? new PortError('full', 'no room left on the disk', { cause })
    : new PortError(otherwise, 'the disk or the table failed', { cause })
}

/** lmdb rejects all transactions of a failed commit alike and hands the reason over as a promise that rejects. */
const causeOf = async (error: unknown): Promise<unknown> => {
  if (!(error instanceof Error && 'commitError' in error)) return error
  try {
    return await error.commitError
  } catch (cause) {
    return cause
  }
}
