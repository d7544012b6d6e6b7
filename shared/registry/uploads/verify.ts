import { bucketKey } from '../../bucket.ts'
import {
  algorithmOf,
  digestOfHex,
  startHash,
  type Digest,
  type DigestAlgorithm,
} from '../../oci/digest.ts'
import type { Objects } from '../../ports.ts'
import type { ObjectId } from '../../table.ts'
import type { RegistryContext } from '../context.ts'
import { doomUpload } from './cancel.ts'
import { digestMismatch, type Upload } from './upload.ts'

/** Reads an object through and hashes it; `undefined`: there is no object. */
export const digestOfObject = async (
  objects: Objects,
  oid: ObjectId,
  algorithm: DigestAlgorithm,
): Promise<{ readonly digest: Digest; readonly sizeBytes: number } | undefined> => {
  const object = await objects.get(bucketKey.object(oid))
  if (object === undefined) return undefined
  const hash = startHash(algorithm)
  for await (const bytes of object.body) hash.update(bytes)
  return { digest: digestOfHex(algorithm, hash.digest('hex')), sizeBytes: object.sizeBytes }
}

/**
 * The object may be there already (an earlier try, or another writer, got this far, or nobody heard whether this one
 * did), or its digest could not be followed as it came: then the bytes decide. Wrong ones end the session, for they cannot
 * be taken back. `otherwise` is thrown when there is no object.
 */
export const verifyObject = async (
  context: RegistryContext,
  upload: Upload,
  { digest, sizeBytes }: { readonly digest: Digest; readonly sizeBytes: number },
  otherwise: Error,
): Promise<void> => {
  const found = await digestOfObject(context.objects, upload.oid, algorithmOf(digest))
  if (found === undefined) throw otherwise
  if (found.digest === digest && found.sizeBytes === sizeBytes) return
  await doomUpload(context, upload)
  throw digestMismatch(digest, found.digest)
}
