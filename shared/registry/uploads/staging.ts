import { bucketKey } from '../../bucket.ts'
import type { Part } from '../../ports.ts'
import { transact } from '../../store/transact.ts'
import { key } from '../../table.ts'
import type { RegistryContext } from '../context.ts'
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
  readonly add: (bytes: Uint8Array) => Promise<void>
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
  let rest: Uint8Array[] = []
  let restBytes = 0
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

  const takeRest = (): readonly Uint8Array[] => {
    const taken = rest
    rest = []
    restBytes = 0
    return taken
  }

  const takeNumber = async (): Promise<number> => {
    await underWay
    if (nextNumber >= reservedUpTo) await reserve()
    nextNumber += 1
    return nextNumber - 1
  }

  const flush = async (): Promise<void> => {
    const number = await takeNumber()
    underWay = write(number, takeRest()).then((part) => {
      parts.push(part)
    })
    // Awaited by the next flush; until then a failure must not count as unhandled.
    underWay.catch(() => undefined)
  }

  if (session.tail !== undefined) {
    const tail = await objects.get(bucketKey.tail(session.oid, session.tail))
    if (tail === undefined) throw uploadUnknown(session.oid)
    for await (const bytes of tail.body) {
      rest.push(bytes)
      restBytes += bytes.byteLength
    }
  }

  return {
    upload: () => upload,
    parts: () => parts,
    rest: () => rest,
    restBytes: () => restBytes,
    add: async (bytes) => {
      rest.push(bytes)
      restBytes += bytes.byteLength
      const number = nextNumber < reservedUpTo ? nextNumber : upload.nextPart
      if (restBytes >= partBytes(limits, number)) await flush()
    },
    flush,
    putLast: async () => await write(await takeNumber(), rest),
    settle: async () => {
      await underWay
    },
  }
}
