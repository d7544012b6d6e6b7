import { bucketKey } from '../../bucket.ts'
import type { Part } from '../../ports.ts'
import { transact } from '../../store/transact.ts'
import { key } from '../../table.ts'
import type { RegistryContext } from '../context.ts'
import { createBlocks } from './blocks.ts'
import { numbersFor, partBytes } from './plan.ts'
import { outOfOrder, unchanged, uploadUnknown, type Upload } from './upload.ts'

/** Bytes on their way from one request into the bucket: whole parts are there already, the rest is in memory. */
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
  /** Writes the rest as one of `parts`; it must be long enough for others to follow. */
  readonly flush: () => Promise<void>
  /** Writes the rest as a part that is the last one, or is replaced when the upload goes on. */
  readonly putLast: () => Promise<Part>
  /** Waits for writes under way; call it before giving up, so that none comes late. */
  readonly settle: () => Promise<void>
}

/**
 * Goes on where a session stands. At most one part is being written while the next one fills, which bounds the memory
 * of an upload to two parts.
 */
export const createStaging = async (
  context: RegistryContext,
  session: Upload,
  expectedBytes: number | undefined,
): Promise<Staging> => {
  const { store, objects, limits } = context
  const objectKey = bucketKey.object(session.oid)
  let upload = session
  let reservedUpTo = 0
  let nextNumber = 0
  const parts = [...session.parts]
  let rest = createBlocks()
  let taking: Promise<unknown> = Promise.resolve()
  let isMultipart = parts.length > 0
  let underWay: Promise<void> = Promise.resolve()

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

  const write = async (number: number, bytes: readonly Uint8Array[]): Promise<Part> => {
    const { multipartId } = upload
    const etag =
      multipartId === undefined
        ? undefined
        : await objects.multipart.putPart(objectKey, multipartId, number, bytes)
    if (etag === undefined) throw uploadUnknown(upload.oid)
    return { number, etag }
  }

  /** One after the other, so that no two writes reserve at once. */
  const takeNumber = async (): Promise<number> => {
    const taken = taking.then(async () => {
      if (nextNumber >= reservedUpTo) await reserve()
      nextNumber += 1
      return nextNumber - 1
    })
    taking = taken.catch(() => undefined)
    return await taken
  }

  const flush = async (): Promise<void> => {
    await underWay
    const taken = rest
    rest = createBlocks()
    isMultipart = true
    const put = async (): Promise<void> => {
      parts.push(await write(await takeNumber(), taken.bytes()))
      // Not when it failed: who knows whether something still reads them.
      taken.release()
    }
    underWay = put()
    // Awaited by the next flush; until then a failure must not count as unhandled.
    underWay.catch(() => undefined)
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
    parts: () => parts,
    rest: () => rest.bytes(),
    restBytes: () => rest.size(),
    add: async (pieces) => {
      for (const piece of pieces) {
        rest.add(piece)
        const number = nextNumber < reservedUpTo ? nextNumber : upload.nextPart
        if (rest.size() >= partBytes(limits, number)) await flush()
      }
    },
    flush,
    isMultipart: () => isMultipart,
    putLast: async () => await write(await takeNumber(), rest.bytes()),
    settle: async () => {
      await underWay
    },
  }
}
