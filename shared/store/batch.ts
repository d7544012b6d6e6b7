import { chunks } from '../limiter.ts'
import type { BatchOperation, Item, Key, ReadMode } from '../ports.ts'
import { AGAIN, retry } from './retry.ts'
import type { Store } from './store.ts'

/** DynamoDB service limits. */
const KEYS_PER_READ = 100
const OPERATIONS_PER_WRITE = 25

/** The items under their keys; what is absent from the map is absent from the table. */
export type Found = { readonly get: (key: Key) => Item | undefined }

/** Tells keys apart by value; no key holds a line break. */
export const nameOf = ({ pk, sk }: Key): string => `${pk}\n${sk}`

/** Reads any number of items, calls side by side; leftovers are asked for again until none is left. */
export const readAll = async (
  store: Store,
  keys: readonly Key[],
  read: ReadMode,
): Promise<Found> => {
  const distinct = new Map(keys.map((key) => [nameOf(key), key]))
  const found = new Map<string, Item>()
  await Promise.all(
    chunks([...distinct.values()], KEYS_PER_READ).map(async (chunk) => {
      let open = chunk
      await retry(store, async () => {
        const { items, unprocessed } = await store.kv.batchGet(open, read)
        for (const item of items) found.set(nameOf(item), item)
        open = unprocessed
        return open.length === 0 ? undefined : AGAIN
      })
    }),
  )
  return { get: (key) => found.get(nameOf(key)) }
}

/** Makes any number of unconditional writes, calls side by side; resolves when every one of them is done. */
export const writeAll = async (
  store: Store,
  operations: readonly BatchOperation[],
): Promise<void> => {
  await Promise.all(
    chunks(operations, OPERATIONS_PER_WRITE).map(async (chunk) => {
      let open = chunk
      await retry(store, async () => {
        open = (await store.kv.batchWrite(open)).unprocessed
        return open.length === 0 ? undefined : AGAIN
      })
    }),
  )
}
