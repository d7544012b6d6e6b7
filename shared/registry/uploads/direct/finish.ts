import { bucketKey } from '../../../bucket.ts'
import { algorithmOf } from '../../../oci/digest.ts'
import { RegistryError } from '../../../oci/errors.ts'
import { commitBlob, confirm, leaseBlob } from '../../blobs/commit.ts'
import { holdBlob } from '../../blobs/hold.ts'
import { isMember } from '../../blobs/membership.ts'
import type { RegistryContext } from '../../context.ts'
import { doomUpload } from '../cancel.ts'
import { uploadUnknown } from '../upload.ts'
import { adoptedBy } from './adopt.ts'
import { failed } from './fail.ts'
import { partCount } from './plan.ts'
import { change, readDirectUpload, type DirectUpload } from './session.ts'
import { storedParts } from './status.ts'

const MAX_NAMED_PARTS = 100

/**
 * Finishes a direct upload. `done`: it is a blob of the repository. `verify`: its object is whole, and becomes a blob
 * when `verifyDirectUpload` has read it through; to be called again until it is.
 * @throws RegistryError BLOB_UPLOAD_INVALID when bytes are missing, with the parts that are; DIGEST_INVALID when they
 * turned out to be others; BLOB_UPLOAD_UNKNOWN; DENIED when the quota has no room
 */
export const finishDirectUpload = async (
  context: RegistryContext,
  upload: DirectUpload,
): Promise<'done' | 'verify'> => {
  const { direct, state } = upload
  if (state === 'OWN') {
    await confirm(context.store, upload, direct.digest)
    return 'done'
  }
  if (state === 'DOOM') {
    if (direct.computed === undefined && (await isHere(context, upload))) return 'done'
    throw failed(upload)
  }
  if (direct.phase === 'verify') return 'verify'
  if (direct.partBytes === undefined) return await finishWhole(context, upload)
  await completeParts(context, upload)
  return await toVerify(context, upload)
}

/** An upload is given up, too, when the blob came to the repository by another one first. */
const isHere = async (
  { store }: RegistryContext,
  { direct, pid, rid }: DirectUpload,
): Promise<boolean> => {
  const repository = { pid, rid }
  const isThere = await isMember(store, direct.digest, repository, 'strong')
  return isThere && (await holdBlob(store, direct.digest, repository)) !== undefined
}

/** What the store has compared with its checksum itself needs nobody to read it again. */
const finishWhole = async (
  context: RegistryContext,
  upload: DirectUpload,
): Promise<'done' | 'verify'> => {
  const { digest, sizeBytes } = upload.direct
  switch (await adoptedBy(context, upload)) {
    case 'absent':
      throw new RegistryError('BLOB_UPLOAD_INVALID', {
        message: 'no bytes have been sent yet; put them to the URL that was given',
        detail: { upload: upload.oid },
      })
    case 'other':
      await doomUpload(context, upload)
      throw new RegistryError('DIGEST_INVALID', { detail: { given: digest } })
    case 'unverified':
      return await toVerify(context, upload)
    case 'adopted':
      await leaseBlob(context.store, upload, digest)
      await commitBlob(context, upload, digest, sizeBytes)
      return 'done'
  }
}

const completeParts = async (context: RegistryContext, upload: DirectUpload): Promise<void> => {
  const { direct, multipartId, oid } = upload
  const objectKey = bucketKey.object(oid)
  const { multipart } = context.objects
  const parts = await storedParts(context, upload)
  const outcome =
    parts === undefined || multipartId === undefined
      ? 'unknownUpload'
      : parts.length < partCount(direct)
        ? 'missing'
        : await multipart.complete(objectKey, multipartId, parts, { ifAbsent: true })
  switch (outcome) {
    case 'missing':
      throw missing(upload, new Set(parts?.map(({ number }) => number)))
    case 'invalidPart':
      // A part came again between our look and the completion.
      throw new RegistryError('BLOB_UPLOAD_INVALID', {
        message: 'a part was replaced while the upload was finished; finish it again',
        detail: { upload: oid },
      })
    case 'partTooSmall':
      throw uploadUnknown(oid)
    case 'created':
    case 'exists':
      return
    case 'unknownUpload': {
      // An earlier try got as far as this, or the store has forgotten the upload.
      const found = await context.objects.head(objectKey)
      if (found?.sizeBytes === direct.sizeBytes) return
      await doomUpload(context, upload)
      throw uploadUnknown(oid)
    }
  }
}

const missing = (upload: DirectUpload, there: ReadonlySet<number>): RegistryError => {
  const numbers = Array.from({ length: partCount(upload.direct) }, (_, index) => index + 1)
  const absent = numbers.filter((number) => !there.has(number))
  return new RegistryError('BLOB_UPLOAD_INVALID', {
    message: `${absent.length} of ${numbers.length} parts are missing; send them and finish again`,
    detail: { upload: upload.oid, missing: absent.slice(0, MAX_NAMED_PARTS) },
  })
}

const toVerify = async (
  context: RegistryContext,
  upload: DirectUpload,
): Promise<'done' | 'verify'> => {
  const { algorithm, oid } = upload
  if (algorithm !== algorithmOf(upload.direct.digest)) throw uploadUnknown(oid)
  if ((await change(context, upload, { phase: 'verify' })) !== undefined) return 'verify'
  const now = await readDirectUpload(context, oid)
  return await finishDirectUpload(context, now)
}
