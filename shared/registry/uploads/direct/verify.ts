import { bucketKey } from '../../../bucket.ts'
import { algorithmOf } from '../../../oci/digest.ts'
import type { ObjectId } from '../../../table.ts'
import { commitBlob, leaseBlob } from '../../blobs/commit.ts'
import type { RegistryContext } from '../../context.ts'
import { doomUpload } from '../cancel.ts'
import type { Hashing, UploadHash } from '../hashing.ts'
import { failUpload } from './fail.ts'
import { change, readDirectUpload, type DirectUpload } from './session.ts'

/**
 * Reads an object through, and makes it a blob when its bytes are what was said; when they are not the session has
 * failed and nothing is linked. Goes on where an earlier pass stopped, and stops when `mayGoOn` says so. Any number may
 * run at once, or again: they contend for the session's version, and the slower ones stop at their next checkpoint.
 * @returns whether there is nothing more to do
 * @throws RegistryError BLOB_UPLOAD_UNKNOWN; DENIED when the quota has no room
 */
export const verifyDirectUpload = async (
  context: RegistryContext,
  hashing: Hashing,
  oid: ObjectId,
  mayGoOn: () => boolean,
): Promise<boolean> => {
  let upload: DirectUpload | undefined = await readDirectUpload(context, oid)
  while (upload?.state === 'UP' && upload.direct.phase === 'verify') {
    const hash = await resume(hashing, upload)
    if (hash !== undefined && upload.offset === upload.direct.sizeBytes) {
      await decide(context, upload, hash)
      hashing.forget(upload)
      return true
    }
    if (!mayGoOn()) return false
    upload = await readOn(context, hashing, upload, hash, mayGoOn)
  }
  // Over, not yet begun, or another pass is at work on it.
  return upload !== undefined
}

const resume = async (hashing: Hashing, upload: DirectUpload): Promise<UploadHash | undefined> =>
  upload.offset === 0
    ? await hashing.start(algorithmOf(upload.direct.digest))
    : await hashing.resume(upload)

/** Up to the next checkpoint; from the beginning, where the hash so far is not to be had. */
const readOn = async (
  context: RegistryContext,
  hashing: Hashing,
  upload: DirectUpload,
  known: UploadHash | undefined,
  mayGoOn: () => boolean,
): Promise<DirectUpload | undefined> => {
  const { digest, sizeBytes } = upload.direct
  const hash = known ?? (await hashing.start(algorithmOf(digest)))
  let offset = known === undefined ? 0 : upload.offset
  const end = Math.min(sizeBytes, offset + context.limits.checkpointBytes) - 1
  const range = { start: offset, end }
  const object = await context.objects.get(bucketKey.object(upload.oid), range)
  if (object === undefined) {
    await doomUpload(context, upload)
    return undefined
  }
  for await (const bytes of object.body) {
    hash.update(bytes)
    offset += bytes.byteLength
    if (!mayGoOn()) break
  }
  const state = hashing.keep(upload, offset, hash)
  return await change(context, upload, { offset, ...(state === undefined ? {} : { hash: state }) })
}

const decide = async (
  context: RegistryContext,
  upload: DirectUpload,
  hash: UploadHash,
): Promise<void> => {
  const { digest, sizeBytes } = upload.direct
  const computed = hash.digest()
  if (computed !== digest) {
    await failUpload(context, upload, computed)
    return
  }
  await leaseBlob(context.store, upload, digest)
  await commitBlob(context, upload, digest, sizeBytes)
}
