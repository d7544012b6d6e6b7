import { bucketKey } from '../bucket.ts'
import { DomainError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { blobUnknown, findBlob } from '../registry/blobs/find.ts'
import type { RegistryContext } from '../registry/context.ts'
import type { Blob } from '../registry/blobs/items.ts'

/**
 * A small blob of a repository as a whole.
 * @throws RegistryError BLOB_UNKNOWN; DomainError BAD_REQUEST above the limit
 */
export const readSmallBlob = async (
  context: RegistryContext,
  name: RepositoryName,
  digest: Digest,
  maxBytes: number,
): Promise<Uint8Array> => {
  const blob = await findBlob(context, name, digest)
  if (blob.sizeBytes > maxBytes) {
    throw new DomainError('BAD_REQUEST', `blob ${digest} has more than ${maxBytes} bytes`)
  }
  return Buffer.concat(await Array.fromAsync(await openBlob(context, digest, blob)))
}

/** The bytes of a blob that was found. */
export const openBlob = async (
  { objects }: RegistryContext,
  digest: Digest,
  { oid }: Blob,
): Promise<AsyncIterable<Uint8Array>> => {
  const object = await objects.get(bucketKey.object(oid))
  if (object === undefined) throw blobUnknown(digest)
  return object.body
}
