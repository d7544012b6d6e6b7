import { bucketKey } from '../../../bucket.ts'
import { algorithmOf } from '../../../oci/digest.ts'
import { RegistryError } from '../../../oci/errors.ts'
import type { SignedRequest } from '../../../ports.ts'
import type { RegistryContext } from '../../context.ts'
import { uploadUnknown } from '../upload.ts'
import { partCount, plannedPart, type PlannedPart } from './plan.ts'
import { noteSigning, notSigning, URL_SECONDS, type DirectUpload } from './session.ts'

/** Parts whose URLs are given at once. */
export const MAX_SIGNED_PARTS = 100

export type SignedPart = PlannedPart & { readonly request: SignedRequest }

/**
 * The request that puts the whole object; `undefined`: it comes in parts, or is there.
 * @throws RegistryError BLOB_UPLOAD_UNKNOWN; UNSUPPORTED when the store cannot sign
 */
export const signWhole = async (
  context: RegistryContext,
  upload: DirectUpload,
): Promise<SignedRequest | undefined> => {
  const { digest, partBytes, phase, sizeBytes } = upload.direct
  if (partBytes !== undefined || phase !== 'open') return undefined
  const { oid } = await noteSigning(context, upload)
  const request = await context.objects.signedPut(bucketKey.object(oid), {
    expiresInSeconds: URL_SECONDS,
    sizeBytes,
    sha256: digest.slice(`${algorithmOf(digest)}:`.length),
  })
  if (request === undefined) throw notSigning()
  return request
}

/**
 * The requests that put some parts.
 * @throws RegistryError BLOB_UPLOAD_INVALID for numbers that are no parts, and for an upload that takes no more;
 * BLOB_UPLOAD_UNKNOWN; UNSUPPORTED when the store cannot sign
 */
export const signParts = async (
  context: RegistryContext,
  upload: DirectUpload,
  numbers: readonly number[],
): Promise<readonly SignedPart[]> => {
  const { direct, multipartId } = upload
  const parts = numbers.map((number) => plannedPart(direct, number))
  if (direct.phase !== 'open' || numbers.length > MAX_SIGNED_PARTS || parts.includes(undefined)) {
    throw new RegistryError('BLOB_UPLOAD_INVALID', {
      message:
        direct.phase === 'open'
          ? `ask for at most ${MAX_SIGNED_PARTS} of the parts 1 to ${partCount(direct)}`
          : 'the upload has all its parts',
      detail: { upload: upload.oid, parts: partCount(direct) },
    })
  }
  if (multipartId === undefined) throw uploadUnknown(upload.oid)
  await noteSigning(context, upload)
  return await Promise.all(
    parts
      .filter((part) => part !== undefined)
      .map(async (part) => {
        const { number, offset, sizeBytes } = part
        const options = { expiresInSeconds: URL_SECONDS, sizeBytes, offset }
        const objectKey = bucketKey.object(upload.oid)
        const { multipart } = context.objects
        const request = await multipart.signedPart(objectKey, multipartId, number, options)
        if (request === undefined) throw notSigning()
        return { ...part, request }
      }),
  )
}
