/**
 * Writing so that it outlives a power cut. `datasync` flushes a file's bytes and its length, `syncDirectory` the names
 * in a directory. Measured once, on a virtual disk with ext4 and no journal: one flush 0.2 to 0.5 ms, a whole put (a
 * new file, flushed, renamed, its directory flushed) 0.8 ms, 32 puts at once 6 ms together. There it does not pay to
 * merge the flushes of several puts, so they are not merged. On a slower disk it might: measure before relying on it.
 */
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

/** Makes the names in a directory durable. */
export const syncDirectory = async (path: string): Promise<void> => {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes a new file that nobody else may read; its bytes are durable, its name is not yet. */
export const writeDurably = async (path: string, bytes: readonly Uint8Array[]): Promise<void> => {
  const handle = await open(path, 'w', 0o600)
  try {
    await writeAll(handle, bytes, 0)
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

/** Writes all of `bytes` at an offset, however few of them the system takes at a time. */
export const writeAll = async (
  handle: FileHandle,
  bytes: readonly Uint8Array[],
  offset: number,
): Promise<void> => {
  let at = offset
  let rest = bytes.filter((chunk) => chunk.byteLength > 0)
  while (rest.length > 0) {
    const batch = rest.slice(0, MAX_VECTORS)
    const { bytesWritten } = await handle.writev(batch, at)
    at += bytesWritten
    rest = [...dropBytes(batch, bytesWritten), ...rest.slice(MAX_VECTORS)]
  }
}

/** Bytes of all chunks together. */
export const totalBytes = (bytes: readonly Uint8Array[]): number =>
  bytes.reduce((total, chunk) => total + chunk.byteLength, 0)

/** Linux and macOS take so many pieces in one call (IOV_MAX). */
const MAX_VECTORS = 1024

const dropBytes = (chunks: readonly Uint8Array[], count: number): Uint8Array[] => {
  let left = count
  const rest: Uint8Array[] = []
  for (const chunk of chunks) {
    if (left >= chunk.byteLength) left -= chunk.byteLength
    else {
      rest.push(chunk.subarray(left))
      left = 0
    }
  }
  return rest
}
