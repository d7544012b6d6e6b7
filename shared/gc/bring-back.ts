import { bucketKey } from '../bucket.ts'
import { isHeld } from '../guards/collect.ts'
import type { Digest } from '../oci/digest.ts'
import { newBlob } from '../registry/blobs/items.ts'
import { getItem } from '../store/query.ts'
import { transact } from '../store/transact.ts'
import { key, type ObjectId } from '../table.ts'
import { enqueue } from '../tasks/tasks.ts'
import type { Gc } from './gc.ts'
import { ownAgain } from './own-again.ts'
import { holdersOfBlob } from './holders.ts'

/**
 * Makes an object the bytes of a blob again that has no record any more, but is held; out of the trash if it must be. Not
 * once somebody has begun to delete it. Answers whether it did.
 */
export const bringBack = async (
  { objects, store }: Pick<Gc['context'], 'objects' | 'store'>,
  digest: Digest,
  oid: ObjectId,
): Promise<boolean> => {
  const record = await getItem(store, key.object(oid), 'strong')
  const head = await objects.head(bucketKey.object(oid))
  if (record === undefined || head === undefined) return false
  if (!(await isHeld(store, holdersOfBlob(store, digest)))) return false
  const own = ownAgain(store, oid, record, { digest })
  if (own === undefined) return false
  const { sizeBytes } = head
  const now = store.clock.now()
  const outcome = await transact(store, [
    own,
    { op: 'delete', key: key.trashedBlob(digest, oid) },
    newBlob(digest, { sizeBytes, oid }, store.ids.next(), now),
    // Whoever held it may have let go in the meantime.
    enqueue(store.ids, now, { type: 'BLOB_REVIEW', digest }),
  ])
  return outcome.done
}
