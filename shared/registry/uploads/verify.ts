import { bucketKey } from '../../bucket.ts'
import { digestOfHex, startHash, type Digest, type DigestAlgorithm } from '../../oci/digest.ts'
import type { Objects } from '../../ports.ts'
import type { ObjectId } from '../../table.ts'

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
