import { bucketKey } from '../../bucket.ts'
import type { Incoming, Part } from '../../ports.ts'
import { transact } from '../../store/transact.ts'
import { key } from '../../table.ts'
import type { RegistryContext } from '../context.ts'
import { createBlocks } from './blocks.ts'
import { numbersFor, partBytes } from './plan.ts'
import { outOfOrder, unchanged, uploadUnknown, type Upload } from './upload.ts'

/** Bytes on their way from one request into the bucket: whole parts are there already, the rest is in memory too. */
export type Staging = {
  /** The session as this writer knows it: its version moves on when part numbers are reserved. */
  readonly upload: () => Upload
  /** Parts that go before the rest: the session's, then this writer's. */
  readonly parts: () => readonly Part[]
  /** What is not yet in a part, in order. */
  readonly rest: () => readonly Uint8Array[]
  readonly restBytes: () => number
  readonly add: (pieces: readonly Uint8Array[]) => Promise<void>
  /** Whether there are parts, or will be when the writes under way have ended. */
  readonly isMultipart: () => boolean
  /** Makes the rest one of `parts`; it must be long enough for others to follow. */
  readonly flush: () => Promise<void>
  /** Makes the rest a part that is the last one, or is replaced when the upload goes on. */
  readonly putLast: () => Promise<Part>
  /**
   * Nothing will be added; waits for writes under way. Call it before giving up, so that none comes late. BLOB_UPLOAD_UNKNOWN:
   * the multipart upload is over, and what was added since has gone nowhere.
   */
  readonly settle: () => Promise<void>
}

/**
 * Full parts under way: while one waits for the disk, or for the answer of a bucket, another one is on its way there,
 * which would be empty otherwise.
 */
const MAX_UNDER_WAY = 2

/**
 * Goes on where a session stands. The memory of an upload is bounded: full parts under way, and the one that fills. What
 * fills is handed to the bucket as it comes, so that a disk has little left to write when it ends.
 *
 * `dropsWhenOver`: when the multipart upload turns out to be over, bytes are dropped, and whoever hashes them may go on: an
 * earlier try may have made the object.
 */
export const createStaging = async (
  context: RegistryContext,
  session: Upload,
  expectedBytes: number | undefined,
  { dropsWhenOver = false }: { readonly dropsWhenOver?: boolean } = {},
): Promise<Staging> => {
  const { store, objects, limits } = context
  const objectKey = bucketKey.object(session.oid)
  let upload = session
  let reservedUpTo = 0
  let nextNumber = 0
  /** By number, in whatever order they end. */
  const written = new Map<number, Part>()
  let rest = createBlocks()
  /** The part that the rest becomes, once it has a number. */
  let filling: { readonly number: number; readonly stored: Promise<Part> } | undefined
  let isMultipart = session.parts.length > 0
  const underWay = new Set<Promise<void>>()
  let isOver = false

  /** Takes part numbers that no other writer will use, and begins the multipart upload with the first. */
  const reserve = async (): Promise<void> => {
    const multipartId = upload.multipartId ?? (await objects.multipart.start(objectKey))
    const nextPart = upload.nextPart + numbersFor(limits, expectedBytes)
    const version = store.ids.next()
    const outcome = await transact(store, [
      {
        op: 'update',
        key: key.object(upload.oid),
        set: { version, nextPart, multipartId, updatedAt: store.clock.now() },
        conditions: unchanged(upload),
      },
    ])
    if (!outcome.done) throw outOfOrder(upload)
    nextNumber = upload.nextPart
    reservedUpTo = nextPart
    upload = { ...upload, version, nextPart, multipartId }
  }

  const write = async (number: number, bytes: Incoming): Promise<Part> => {
    const { multipartId } = upload
    const etag =
      multipartId === undefined
        ? undefined
        : await objects.multipart.putPart(objectKey, multipartId, number, bytes)
    if (etag !== undefined) return { number, etag }
    isOver = true
    throw uploadUnknown(upload.oid)
  }

  const begin = async () => {
    isMultipart = true
    if (nextNumber >= reservedUpTo) await reserve()
    const number = nextNumber
    nextNumber += 1
    const atMostBytes = Math.max(partBytes(limits, number), rest.size())
    const stored = write(number, { pieces: rest.pieces(), atMostBytes })
    // Awaited later; until then a failure must not count as unhandled.
    stored.catch(() => undefined)
    filling = { number, stored }
    return filling
  }

  const full = (): number => {
    const next = nextNumber < reservedUpTo ? nextNumber : upload.nextPart
    return partBytes(limits, filling?.number ?? next)
  }

  const flush = async (): Promise<void> => {
    // One of them that fails stays, so that everybody who waits hears of it.
    while (underWay.size >= MAX_UNDER_WAY) await Promise.race(underWay)
    const { stored } = filling ?? (await begin())
    const taken = rest
    rest = createBlocks()
    filling = undefined
    taken.close()
    const end = async (): Promise<void> => {
      try {
        const part = await stored
        written.set(part.number, part)
        // Not when it failed: who knows whether something still reads them.
        taken.release()
      } catch (error) {
        if (!isOver) throw error
      }
      underWay.delete(ended)
    }
    const ended = end()
    underWay.add(ended)
    ended.catch(() => undefined)
  }

  const add = async (piece: Uint8Array): Promise<void> => {
    if (isOver && !dropsWhenOver) throw uploadUnknown(upload.oid)
    for (let from = 0; from < piece.byteLength && !isOver;) {
      // A tail may be longer than a part of ours: whoever wrote it may make larger ones.
      if (rest.size() >= full()) await flush()
      const some = piece.subarray(from, from + full() - rest.size())
      rest.add(some)
      from += some.byteLength
      if (isMultipart && filling === undefined) await begin()
      if (rest.size() >= full()) await flush()
    }
  }

  if (session.tail !== undefined) {
    const tail = await objects.get(bucketKey.tail(session.oid, session.tail))
    if (tail === undefined) throw uploadUnknown(session.oid)
    for await (const bytes of tail.body) {
      rest.add(bytes)
    }
  }

  return {
    upload: () => upload,
    parts: () => [
      ...session.parts,
      ...[...written.values()].toSorted((one, other) => one.number - other.number),
    ],
    rest: () => rest.bytes(),
    restBytes: () => rest.size(),
    add: async (pieces) => {
      for (const piece of pieces) await add(piece)
    },
    flush,
    isMultipart: () => isMultipart,
    putLast: async () => {
      const { stored } = filling ?? (await begin())
      rest.close()
      return await stored
    },
    settle: async () => {
      rest.close()
      await Promise.allSettled([...underWay, filling?.stored])
      await Promise.all(underWay)
      if (isOver) throw uploadUnknown(upload.oid)
    },
  }
}
