import { wholeOf } from '../incoming.ts'
import { assertPartNumber, assertRange } from '../limits.ts'
import type { Objects } from '../ports.ts'
import type { Bucket } from './bucket.ts'
import { troubledRead, troubledWrite, type Troubled } from './faults.ts'
import type { Actor } from './scheduler.ts'

const MAX_DELETE = 1_000
const LIST_PAGE = 1_000
const PARTS_PAGE = 1_000
const SECOND_MS = 1_000

/** `Objects` in memory, with S3's guarantees and whatever trouble the world has in store. */
export const createMemoryObjects = (world: Troubled, bucket: Bucket, actor: Actor): Objects => {
  const read = async <T>(look: () => T): Promise<T> => await troubledRead(world, actor, look)
  const until = (seconds: number): number => world.scheduler.now() + seconds * SECOND_MS
  const write = async <T>(change: () => T): Promise<T> => await troubledWrite(world, actor, change)

  return {
    put: async (key, bytes, { ifAbsent }) => {
      const whole = Buffer.concat(bytes)
      return await write(() => bucket.put(key, whole, ifAbsent))
    },
    head: async (key) =>
      await read(() => {
        const bytes = bucket.objects.get(key)
        return bytes && { sizeBytes: bytes.byteLength }
      }),
    get: async (key, range) =>
      await read(() => {
        const bytes = bucket.objects.get(key)
        if (bytes === undefined) return undefined
        if (range !== undefined) assertRange(range, bytes.byteLength)
        const part = range === undefined ? bytes.slice() : bytes.slice(range.start, range.end + 1)
        return { sizeBytes: bytes.byteLength, body: once(part) }
      }),
    copy: async (from, to, { ifAbsent }) =>
      await write(() => {
        const bytes = bucket.objects.get(from)
        return bytes === undefined ? 'unknownSource' : bucket.put(to, bytes, ifAbsent)
      }),
    deleteMany: async (keys) => {
      if (keys.length > MAX_DELETE) throw new RangeError(`${keys.length} keys in one delete`)
      return await write(() => {
        for (const key of keys) bucket.remove(key)
        return []
      })
    },
    list: async (prefix, after) =>
      await read(() => {
        const all = bucket.list(prefix).filter((key) => after === undefined || key > after)
        const keys = all.slice(0, LIST_PAGE)
        const last = keys.at(-1)
        return all.length > keys.length && last !== undefined ? { keys, next: last } : { keys }
      }),
    signedRead: () => Promise.resolve(undefined),
    // Neither call asks the store for anything, as signing does not on AWS.
    signedPut: (key, { expiresInSeconds, sha256, sizeBytes }) =>
      Promise.resolve(bucket.sign({ key, sizeBytes, sha256, expiresAt: until(expiresInSeconds) })),
    inspect: async (key) =>
      await read(() => {
        const bytes = bucket.objects.get(key)
        const sha256 = bucket.checksums.get(key)
        return bytes && { sizeBytes: bytes.byteLength, ...(sha256 !== undefined && { sha256 }) }
      }),
    multipart: {
      signedPart: (key, uploadId, partNumber, { expiresInSeconds, sizeBytes }) => {
        assertPartNumber(partNumber)
        const expiresAt = until(expiresInSeconds)
        return Promise.resolve(bucket.sign({ key, uploadId, partNumber, sizeBytes, expiresAt }))
      },
      parts: async (key, uploadId, after = 0) =>
        await read(() => {
          const behind = bucket.parts(key, uploadId)?.filter(({ number }) => number > after)
          const page = behind?.slice(0, PARTS_PAGE)
          const next = page?.at(-1)?.number
          if (page === undefined) return undefined
          return behind?.length === page.length || next === undefined
            ? { parts: page }
            : { parts: page, next }
        }),
      start: async (key) => await write(() => bucket.start(key)),
      putPart: async (key, uploadId, partNumber, bytes) => {
        const whole = await wholeOf(bytes)
        return await write(() => bucket.putPart(key, uploadId, partNumber, whole))
      },
      complete: async (key, uploadId, parts, { ifAbsent }) =>
        await write(() => bucket.complete(key, uploadId, parts, ifAbsent)),
      abort: async (key) => {
        await write(() => {
          bucket.abort(key)
        })
      },
    },
  }
}

/** Sends bytes to a signed URL as a client of the store does, which may crash and meet trouble like any other. */
export const createMemorySender =
  (world: Troubled, bucket: Bucket, actor: Actor) =>
  async (method: string, url: string, bytes: Uint8Array): Promise<number> =>
    await troubledWrite(world, actor, () => bucket.send(method, url, bytes, world.scheduler.now()))

const once = async function* (bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  if (bytes.byteLength > 0) yield bytes
}
