/** `Objects` on plain files. */
import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { open, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { assertRange } from '../limits.ts'
import type { ByteRange, Clock, Objects } from '../ports.ts'
import type { DataDirectory } from './data-directory.ts'
import { totalBytes, writeDurably } from './durable.ts'
import { guarded, isAbsent } from './failures.ts'
import { listObjects } from './object-list.ts'
import { objectPath } from './object-path.ts'
import { createMultipart } from './multipart.ts'
import { duplicate, publish } from './publish.ts'
import { createReceive, type Receive } from './receive.ts'
import type { Room } from './room.ts'
import { signRead } from './signed-read.ts'
import type { Redirect } from './signed-read.ts'
import { signWrite } from './signed-write.ts'
import { createSyncOnce } from './sync-once.ts'

/** Read at once and handed on as it is: large, because every chunk costs a trip through the thread pool. */
const CHUNK_BYTES = 512 * 1024
/** Checksums that are remembered; what is forgotten is computed again by whoever must know. */
const MAX_CHECKSUMS = 4_096

type Context = {
  readonly paths: DataDirectory
  readonly clock: Clock
  readonly room: Room
  readonly redirect: Redirect | undefined
  readonly writes: Redirect | undefined
}

type EmbeddedObjects = { readonly objects: Objects; readonly receive: Receive }

/** An `Objects` whose acknowledged writes are on disk, names included, and what takes in signed writes. */
export const createObjects = async (context: Context): Promise<EmbeddedObjects> => {
  const { clock, paths, redirect, room, writes } = context
  const fileOf = (key: string): string => objectPath(paths.objects, key).file
  const checksums = new Map<string, string>()
  const syncOnce = createSyncOnce()
  const { receivePart, ...multipart } = await createMultipart({
    ...{ clock, paths, room, fileOf, writes },
  })
  const receive = createReceive({
    ...{ paths, room, fileOf, putPart: receivePart },
    verified: (key, sha256) => {
      const [oldest] = checksums.keys()
      if (checksums.size >= MAX_CHECKSUMS && oldest !== undefined) checksums.delete(oldest)
      checksums.set(key, sha256)
    },
  })

  /** Lends a name on the same disk, which nobody looks at and the next start clears. */
  const incoming = async <T>(use: (file: string) => Promise<T>): Promise<T> =>
    await guarded('unknown', async () => {
      const file = join(paths.incoming, randomUUID())
      try {
        return await use(file)
      } finally {
        await rm(file, { force: true })
      }
    })

  const objects: Objects = {
    put: async (key, bytes, { ifAbsent }) => {
      const target = fileOf(key)
      return await incoming(async (file) => {
        await room.admit(totalBytes(bytes))
        await writeDurably(file, bytes)
        if (!ifAbsent) checksums.delete(key)
        return await publish(file, target, ifAbsent)
      })
    },

    copy: async (from, to, { ifAbsent }) => {
      const source = fileOf(from)
      const target = fileOf(to)
      return await incoming(async (file) => {
        const outcome = await duplicate(source, file)
        if (!ifAbsent) checksums.delete(to)
        return outcome === 'created' ? await publish(file, target, ifAbsent) : outcome
      })
    },

    head: async (key) => {
      const file = fileOf(key)
      return await guarded('unavailable', () => Promise.resolve(sizeOf(file)))
    },

    get: async (key, range) => {
      const file = fileOf(key)
      const found = await guarded('unavailable', () => Promise.resolve(sizeOf(file)))
      if (found === undefined) return undefined
      const { sizeBytes } = found
      if (range !== undefined) assertRange(range, sizeBytes)
      // Opens the file at the first read: a body that nobody reads holds nothing open.
      return { sizeBytes, body: chunksOf(file, range ?? { start: 0, end: sizeBytes - 1 }) }
    },

    deleteMany: async (keys) => {
      const failed = new Set<string>()
      const touched = new Map<string, string[]>()
      const remove = async (key: string): Promise<void> => {
        const { directory, file } = objectPath(paths.objects, key)
        checksums.delete(key)
        if (!(await unlinked(file))) failed.add(key)
        touched.set(directory, [...(touched.get(directory) ?? []), key])
      }
      await Promise.all(keys.map(remove))
      // Or a power cut brings files back which no record names any more.
      const sync = async ([directory, under]: readonly [string, readonly string[]]) => {
        await syncOnce(directory).catch(() => {
          for (const key of under) failed.add(key)
        })
      }
      await Promise.all([...touched].map(sync))
      return [...failed]
    },

    list: async (prefix, after) =>
      await guarded('unavailable', async () => await listObjects(paths.objects, prefix, after)),

    signedRead: async (key, options) =>
      await Promise.resolve(
        redirect === undefined ? undefined : signRead(redirect, key, options, clock),
      ),

    signedPut: async (key, { expiresInSeconds, ...write }) => {
      fileOf(key)
      return await Promise.resolve(
        writes && signWrite(writes, { key, ...write }, expiresInSeconds, clock),
      )
    },

    inspect: async (key) => {
      const file = fileOf(key)
      const found = await guarded('unavailable', () => Promise.resolve(sizeOf(file)))
      const sha256 = checksums.get(key)
      return found && { ...found, ...(sha256 !== undefined && { sha256 }) }
    },

    multipart: {
      ...multipart,
      complete: async (key, uploadId, parts, options) => {
        if (!options.ifAbsent) checksums.delete(key)
        return await multipart.complete(key, uploadId, parts, options)
      },
    },
  }
  return { objects, receive }
}

/** At once: a look at a name takes less than handing it to another thread, and absence is no error there. */
const sizeOf = (file: string): { readonly sizeBytes: number } | undefined => {
  const found = statSync(file, { throwIfNoEntry: false })
  return found && { sizeBytes: found.size }
}

const unlinked = async (file: string): Promise<boolean> => {
  try {
    await unlink(file)
    return true
  } catch (error) {
    return isAbsent(error)
  }
}

const chunksOf = async function* (
  file: string,
  { start, end }: ByteRange,
): AsyncGenerator<Uint8Array> {
  if (end < start) return
  const handle = await open(file, 'r')
  try {
    for (let at = start; at <= end;) {
      const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, end + 1 - at))
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, at)
      if (bytesRead === 0) throw new Error(`${file} ended early`)
      at += bytesRead
      yield chunk.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}
