import { bucketKey } from '../bucket.ts'
import { createLimiter } from '../limiter.ts'
import type { Item, Objects } from '../ports.ts'
import { retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import type { ObjectId } from '../table.ts'

const AT_ONCE = 32

/** Asks about each of them, so many at once; the answers come in the order of the questions. */
export const sideBySide = async <T, Answer>(
  list: readonly T[],
  ask: (one: T) => Promise<Answer>,
): Promise<readonly Answer[]> => {
  const limiter = createLimiter(AT_ONCE)
  return await Promise.all(list.map(async (one) => await limiter(async () => await ask(one))))
}

/** What the bucket has of an object. */
export const headOf = async (
  { objects, store }: { readonly objects: Objects; readonly store: Store },
  oid: ObjectId,
): ReturnType<Objects['head']> =>
  await retry(store, async () => await objects.head(bucketKey.object(oid)))

/** A number of an item that may have been written without it. */
export const numberIn = (item: Item, name: string, otherwise = 0): number => {
  const value = item[name]
  return typeof value === 'number' ? value : otherwise
}
