import {
  assertQuery,
  itemBytes,
  mostBytes,
  MAX_ITEM_BYTES,
  MAX_PAGE_BYTES,
  MOST_BYTES_PER_UNIT,
} from '../limits.ts'
import type { Item, Query, QueryPage } from '../ports.ts'
import {
  behindPartition,
  behindPrefix,
  firstFrom,
  justBehind,
  readItem,
  sortKeyOf,
} from './table-file.ts'
import type { TableFile } from './table-file.ts'

/** So many items of any size fit on a page, so they need not be measured. */
const ITEMS_THAT_ALWAYS_FIT = Math.floor(MAX_PAGE_BYTES / MAX_ITEM_BYTES)

/** One page. Like DynamoDB it does not look beyond the limit: `next` may lead to an empty page. */
export const queryTable = (table: TableFile, query: Query): QueryPage => {
  assertQuery(query)
  if (query.keysOnly === true) return queryKeys(table, query)
  const { pk, limit = Infinity } = query
  const items: Item[] = []
  let most = 0
  let bytes: number | undefined
  for (const { value } of table.getRange(rangeOf(query))) {
    const item = readItem(pk, value)
    if (items.length === ITEMS_THAT_ALWAYS_FIT) most = items.reduce(addMost, 0)
    if (items.length >= ITEMS_THAT_ALWAYS_FIT) {
      most = addMost(most, item)
      // Exact measuring took a sixth of a tag list; it is needed only where the page may be full.
      if (most > MAX_PAGE_BYTES) bytes = (bytes ?? items.reduce(addBytes, 0)) + itemBytes(item)
      if (bytes !== undefined && bytes > MAX_PAGE_BYTES) return pageWithNext(items)
    }
    items.push(item)
    if (items.length >= limit) return pageWithNext(items)
  }
  return { items }
}

/** Keys can be read without the values; a page of them is measured by what was read. */
const queryKeys = (table: TableFile, query: Query): QueryPage => {
  const { pk, limit = Infinity } = query
  const items: Item[] = []
  let most = 0
  for (const text of table.getKeys(rangeOf(query))) {
    items.push({ pk, sk: sortKeyOf(pk, text) })
    most += text.length * MOST_BYTES_PER_UNIT
    if (items.length >= limit || most > MAX_PAGE_BYTES) return pageWithNext(items)
  }
  return { items }
}

const addBytes = (total: number, item: Item): number => total + itemBytes(item)

const addMost = (total: number, item: Item): number => total + mostBytes(item)

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
