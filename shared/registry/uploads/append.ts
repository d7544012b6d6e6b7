import { bucketKey } from '../../bucket.ts'
import type { Part } from '../../ports.ts'
import { transact } from '../../store/transact.ts'
import { key } from '../../table.ts'
import type { RegistryContext } from '../context.ts'
import { receive, type Batches, type UploadBody } from './body.ts'
import type { Hashing, UploadHash } from './hashing.ts'
import { createStaging, type Staging } from './staging.ts'
import {
  outOfOrder,
  packParts,
  readUpload,
  unchanged,
  uploadUnknown,
  type Upload,
} from './upload.ts'

/**
 * Adds the bytes of one request (PATCH) to a session; answers where it stands then, all of it durable. When the client
 * goes away in the middle, what did arrive is kept, so that it can come back and go on from there.
 * @throws RegistryError BLOB_UPLOAD_INVALID (416) when the bytes do not continue the session or another writer was
 * faster; SIZE_INVALID; BLOB_UPLOAD_UNKNOWN
 */
export const appendToUpload = async (
  context: RegistryContext,
  hashing: Hashing,
  upload: Upload,
  body: UploadBody,
): Promise<number> => {
  if (body.start !== undefined && body.start !== upload.offset) throw outOfOrder(upload)
  const hash = await hashing.resume(upload)
  const staging = await createStaging(context, upload, body.lengthBytes)
  const observed = observe(body.bytes)
  try {
    await receive({ ...body, bytes: observed.bytes }, staging, hash)
  } catch (error) {
    await staging.settle()
    if (observed.broken())
      await record(context, hashing, upload, staging, hash, observed.received())
    throw error
  }
  return await record(context, hashing, upload, staging, hash, observed.received())
}

/** Counts bytes as they pass, and tells a source that broke off from a reader that did. */
const observe = (source: Batches) => {
  let received = 0
  let broken = false
  const bytes = async function* (): Batches {
    try {
      for await (const batch of source) {
        for (const { byteLength } of batch) received += byteLength
        yield batch
      }
    } catch (error) {
      broken = true
      throw error
    }
  }
  return { bytes: bytes(), received: () => received, broken: () => broken }
}

/** Makes what was staged part of the session, if nobody else has written to it since. */
const record = async (
  context: RegistryContext,
  hashing: Hashing,
  before: Upload,
  staging: Staging,
  hash: UploadHash | undefined,
  received: number,
): Promise<number> => {
  const { store } = context
  if (received === 0) return before.offset
  const { tail, tailPart } = await keepRest(context, staging)
  const upload = staging.upload()
  const offset = before.offset + received
  const added = staging.parts().slice(before.parts.length)
  const state = hash && hashing.keep(upload, offset, hash)
  const outcome = await transact(store, [
    {
      op: 'update',
      key: key.object(upload.oid),
      set: {
        version: store.ids.next(),
        offset,
        updatedAt: store.clock.now(),
        ...(tail === undefined ? {} : { tail }),
        ...(tailPart === undefined ? {} : { tailPart: tailPart.number, tailEtag: tailPart.etag }),
        ...(state === undefined ? {} : { hash: state }),
      },
      remove: [
        ...(tail === undefined ? ['tail'] : []),
        ...(tailPart === undefined ? ['tailPart', 'tailEtag'] : []),
      ],
      conditions: unchanged(upload),
    },
    ...packParts(upload.oid, added).map((item) => ({ op: 'put', item }) as const),
  ])
  if (outcome.done) return offset
  const now = await readUpload(context, upload.oid)
  throw now?.state === 'UP' ? outOfOrder(now) : uploadUnknown(upload.oid)
}

/** The rest as a tail, to go on from; and as a part too when there are others, so that a commit needs no more bytes. */
const keepRest = async (
  { store, objects, limits }: RegistryContext,
  staging: Staging,
): Promise<{ readonly tail?: string; readonly tailPart?: Part }> => {
  const isMultipart = staging.isMultipart()
  if (staging.restBytes() === 0 || (isMultipart && staging.restBytes() >= limits.minPartBytes)) {
    if (staging.restBytes() > 0) await staging.flush()
    await staging.settle()
    return {}
  }
  const tail = store.ids.next()
  const tailKey = bucketKey.tail(staging.upload().oid, tail)
  const [part] = await allEnded([
    isMultipart ? staging.putLast() : Promise.resolve(undefined),
    objects.put(tailKey, staging.rest(), { ifAbsent: true }),
    staging.settle(),
  ])
  return part === undefined ? { tail } : { tail, tailPart: part }
}

/** As Promise.all, but when one fails the others have ended too, so that no write comes late. */
const allEnded = async <T extends readonly Promise<unknown>[]>(
  promises: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> => {
  await Promise.allSettled(promises)
  return await Promise.all(promises)
}
