import { bucketKey } from '../bucket.ts'
import type { Objects } from '../ports.ts'
import { retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import type { ObjectId } from '../table.ts'

/** What the bucket has of an object. */
export const headOf = async (
  { objects, store }: { readonly objects: Objects; readonly store: Store },
  oid: ObjectId,
): ReturnType<Objects['head']> =>
  await retry(store, async () => await objects.head(bucketKey.object(oid)))
