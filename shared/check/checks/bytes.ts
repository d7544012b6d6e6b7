import { bucketKey } from '../../bucket.ts'
import { algorithmOf, digestOfHex, type Digest } from '../../oci/digest.ts'
import { parseBlob } from '../../registry/blobs/items.ts'
import { createHash } from 'node:crypto'
import { retry } from '../../store/retry.ts'
import { randomBelow } from '../../store/random.ts'
import type { ObjectId } from '../../table.ts'
import { isSo } from '../confirm.ts'
import { isAsSeen } from '../../store/checks.ts'
import { entriesOf, type Check, type CheckContext, type Suspect } from '../suspect.ts'

/**
 * The bytes of some blobs, chosen by chance, are read again and have the digest that they had. So many bytes at most: an
 * audit compares what is known, and only looks into what is stored.
 */
export const checkBytes: Check = async (context, entries) => {
  const { sample, store } = context
  if (sample === undefined) return []
  const found: Suspect[] = []
  for (const { item, of } of entriesOf(entries, 'blob')) {
    const { missingAt, oid, sizeBytes } = parseBlob(item)
    if (missingAt !== undefined || sizeBytes > sample.bytesLeft) continue
    if (randomBelow(store.ids, sample.oneIn) > 0) continue
    sample.bytesLeft -= sizeBytes
    if (!(await isOther(context, of.digest, oid))) continue
    found.push({
      finding: { kind: 'blobOfOtherBytes', blob: of.digest, oid },
      awaits: [],
      repair: [{ type: 'BLOB_REPAIR', digest: of.digest, oid, isCorrupt: true }],
      confirm: async () =>
        (await isOther(context, of.digest, oid)) &&
        (await isSo(store, [isAsSeen(item, 'oid', 'size')])),
    })
  }
  return found
}

/** Whether an object is there and has other bytes; that it is not there is for another check to say. */
const isOther = async (
  { objects, store }: CheckContext,
  digest: Digest,
  oid: ObjectId,
): Promise<boolean> =>
  await retry(store, async () => {
    const object = await objects.get(bucketKey.object(oid))
    if (object === undefined) return false
    const algorithm = algorithmOf(digest)
    const hash = createHash(algorithm)
    for await (const bytes of object.body) hash.update(bytes)
    return digestOfHex(algorithm, hash.digest('hex')) !== digest
  })
