import type { Item, Kv, Query } from '../ports.ts'
import { retry } from './retry.ts'
import type { Store } from './store.ts'

/** Walks a query to its end, a page at a time; the caller may stop early. */
export const pages = async function* (store: Store, query: Query): AsyncGenerator<readonly Item[]> {
  let after = query.after
  do {
    const page = await queryPage(store, after === undefined ? query : { ...query, after })
    yield page.items
    after = page.next
  } while (after !== undefined)
}

/** Every item of a query that is known to be small. */
export const queryAll = async (store: Store, query: Query): Promise<Item[]> => {
  const all: Item[] = []
  for await (const items of pages(store, query)) all.push(...items)
  return all
}

/** One page; a failed read is made again. */
export const queryPage = async (store: Store, query: Query): ReturnType<Kv['query']> =>
  await retry(store, async () => await store.kv.query(query))

/** One item; a failed read is made again. */
export const getItem = async (
  store: Store,
  ...args: Parameters<Kv['get']>
): ReturnType<Kv['get']> => await retry(store, async () => await store.kv.get(...args))
