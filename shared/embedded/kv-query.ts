import { assertQuery, itemBytes, MAX_ITEM_BYTES, MAX_PAGE_BYTES } from '../limits.ts'
import type { Item, Query, QueryPage } from '../ports.ts'
import { behindPartition, behindPrefix, firstFrom, justBehind, readItem } from './table-file.ts'
import type { TableFile } from './table-file.ts'

/** So many items of any size fit on a page, so they need not be measured. */
const ITEMS_THAT_ALWAYS_FIT = Math.floor(MAX_PAGE_BYTES / MAX_ITEM_BYTES)

/** One page. Like DynamoDB it does not look beyond the limit: `next` may lead to an empty page. */
export const queryTable = (table: TableFile, query: Query): QueryPage => {
  assertQuery(query)
  const { pk, limit = Infinity } = query
  const items: Item[] = []
  let bytes = 0
  for (const { value } of table.getRange(rangeOf(query))) {
    const item = readItem(pk, value)
    if (items.length === ITEMS_THAT_ALWAYS_FIT) bytes = items.reduce(addBytes, 0)
    if (items.length >= ITEMS_THAT_ALWAYS_FIT) bytes = addBytes(bytes, item)
    if (bytes > MAX_PAGE_BYTES) return pageWithNext(items)
    items.push(item)
    if (items.length >= limit) return pageWithNext(items)
  }
  return { items }
}

const addBytes = (total: number, item: Item): number => total + itemBytes(item)

const pageWithNext = (items: readonly Item[]): QueryPage => {
  const last = items.at(-1)
  return last === undefined ? { items } : { items, next: last.sk }
}

/** lmdb starts at `start`, going down at the next one below it, and ends before `end`. */
const rangeOf = (query: Query) => {
  const { after, pk, reverse = false } = query
  const low = lowEnd(query)
  const high = highEnd(query)
  if (!reverse) return { start: after === undefined ? low : justBehind(pk, after), end: high }
  return {
    reverse,
    start: after === undefined ? high : firstFrom(pk, after),
    exclusiveStart: true,
    end: low,
    inclusiveEnd: true,
  }
}

const lowEnd = ({ pk, sk }: Query): string => {
  if (sk === undefined) return justBehind(pk, '')
  return firstFrom(pk, 'prefix' in sk ? sk.prefix : sk.from)
}

const highEnd = ({ pk, sk }: Query): string => {
  if (sk === undefined) return behindPartition(pk)
  return 'prefix' in sk ? behindPrefix(pk, sk.prefix) : justBehind(pk, sk.to)
}
