import { bucketKey } from '../../bucket.ts'
import { algorithmOf, type Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import { PortError, type Part } from '../../ports.ts'
import { commitBlob, confirm, leaseBlob } from '../blobs/commit.ts'
import type { RegistryContext } from '../context.ts'
import { receive, type UploadBody } from './body.ts'
import type { Hashing, UploadHash } from './hashing.ts'
import { createStaging, type Staging } from './staging.ts'
import { digestMismatch, outOfOrder, uploadUnknown, type Upload } from './upload.ts'
import { verifyObject } from './verify.ts'

/** What a finished upload is made of. */
type Whole = {
  /** The session as it stands: writing the last part may move it on. */
  readonly upload: () => Upload
  readonly sizeBytes: number
  /** `undefined`: not known before the object is read back. */
  readonly computed: Digest | undefined
  readonly write: () => Promise<'created' | 'exists' | 'invalidPart' | 'partTooSmall' | 'unknown'>
}

/**
 * Finishes a session (PUT), with the last bytes or without any: the object is made under its final key and becomes the
 * bytes of the blob. While the digest can be checked before that, a wrong one leaves the session as it was.
 * @throws RegistryError DIGEST_INVALID; BLOB_UPLOAD_INVALID (416 when the bytes do not continue the session);
 * SIZE_INVALID; BLOB_UPLOAD_UNKNOWN; DENIED when the quota has no room
 */
export const completeUpload = async (
  context: RegistryContext,
  hashing: Hashing,
  upload: Upload,
  digest: Digest,
  body: UploadBody | undefined,
): Promise<void> => {
  // The answer to an earlier try got lost: it is done, and saying so again is right.
  if (upload.state === 'OWN' && upload.digest === digest) {
    await confirm(context.store, upload, digest)
    return
  }
  if (upload.state !== 'UP') throw uploadUnknown(upload.oid)
  if (body?.start !== undefined && body.start !== upload.offset) throw outOfOrder(upload)
  const hash =
    upload.offset === 0 ? await hashing.start(algorithmOf(digest)) : await hashing.resume(upload)
  const whole =
    body === undefined
      ? withoutBody(context, upload, hash)
      : await withBody(context, upload, body, hash)
  const known = whole.computed !== undefined && algorithmOf(whole.computed) === algorithmOf(digest)
  if (known && whole.computed !== digest) throw digestMismatch(digest, whole.computed)
  const lease = async (): Promise<void> => {
    await leaseBlob(context.store, upload, digest)
  }
  const [written] = await Promise.all([whole.write().catch(unheardOf), known ? lease() : undefined])
  if (written === 'invalidPart' || written === 'partTooSmall') throw spoiled(upload)
  if (written !== 'created' || !known) {
    const otherwise = written instanceof PortError ? written : uploadUnknown(upload.oid)
    await verifyObject(context, whole.upload(), { digest, sizeBytes: whole.sizeBytes }, otherwise)
  }
  if (!known) await lease()
  await commitBlob(context, whole.upload(), digest, whole.sizeBytes)
  hashing.forget(upload)
}

/** It may have been done: then the object is there, and says what it is. */
const unheardOf = (error: unknown): PortError => {
  if (error instanceof PortError && error.failure === 'unknown') return error
  throw error
}

const withoutBody = (
  { objects }: RegistryContext,
  upload: Upload,
  hash: UploadHash | undefined,
): Whole => {
  const objectKey = bucketKey.object(upload.oid)
  const { tail, tailPart, multipartId } = upload
  const write: Whole['write'] = async () => {
    if (multipartId !== undefined && upload.parts.length > 0) {
      const parts = tailPart === undefined ? upload.parts : [...upload.parts, tailPart]
      return await completeParts(objects, objectKey, multipartId, parts)
    }
    if (tail === undefined) return await objects.put(objectKey, [], { ifAbsent: true })
    const copied = await objects.copy(bucketKey.tail(upload.oid, tail), objectKey, {
      ifAbsent: true,
    })
    return copied === 'unknownSource' ? 'unknown' : copied
  }
  return { upload: () => upload, sizeBytes: upload.offset, computed: hash?.digest(), write }
}

const withBody = async (
  context: RegistryContext,
  upload: Upload,
  body: UploadBody,
  hash: UploadHash | undefined,
): Promise<Whole> => {
  const { objects } = context
  const objectKey = bucketKey.object(upload.oid)
  const staging = await createStaging(context, upload, body.lengthBytes, {
    dropsWhenOver: true,
  })
  let received: number
  try {
    received = await receive(body, staging, hash)
  } finally {
    await staging.settle().catch(() => undefined)
  }
  const isOver = (await orOver(staging.settle())) === 'over'
  const write: Whole['write'] = async () => {
    const { multipartId } = staging.upload()
    if (isOver) return 'unknown'
    if (multipartId === undefined || staging.parts().length === 0) {
      return await objects.put(objectKey, staging.rest(), { ifAbsent: true })
    }
    const last = staging.restBytes() === 0 ? [] : await orOver(lastOf(staging))
    if (last === 'over') return 'unknown'
    return await completeParts(objects, objectKey, multipartId, [...staging.parts(), ...last])
  }
  return {
    upload: staging.upload,
    sizeBytes: upload.offset + received,
    computed: hash?.digest(),
    write,
  }
}

const lastOf = async (staging: Staging): Promise<readonly Part[]> => [await staging.putLast()]

/** `over`: the multipart upload is, so an earlier try may have come to its end. */
const orOver = async <T>(written: Promise<T>): Promise<T | 'over'> => {
  try {
    return await written
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'BLOB_UPLOAD_UNKNOWN') return 'over'
    throw error
  }
}

const completeParts = async (
  { multipart }: RegistryContext['objects'],
  objectKey: string,
  multipartId: string,
  parts: readonly Part[],
): ReturnType<Whole['write']> => {
  const outcome = await multipart.complete(objectKey, multipartId, parts, { ifAbsent: true })
  return outcome === 'unknownUpload' ? 'unknown' : outcome
}

const spoiled = ({ oid }: Upload): RegistryError =>
  new RegistryError('BLOB_UPLOAD_INVALID', {
    message: 'the parts of the upload do not fit together; begin a new one',
    detail: { upload: oid },
  })
