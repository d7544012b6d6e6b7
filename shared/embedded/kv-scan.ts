import { assertScan, itemBytes, MAX_PAGE_BYTES } from '../limits.ts'
import type { Item, Scan, ScanPage } from '../ports.ts'
import { justBehind, partitionKeyOf, readItem } from './table-file.ts'
import type { TableFile } from './table-file.ts'

/** Sorts before every partition: a key is not empty, and holds no NUL. */
const FIRST = '\x01'

/** One page of the whole table, in the order of its keys. */
export const scanTable = (table: TableFile, scan: Scan): ScanPage => {
  assertScan(scan)
  const { after, limit = Infinity } = scan
  const items: Item[] = []
  let bytes = 0
  const range = { start: after === undefined ? FIRST : justBehind(after.pk, after.sk) }
  for (const { key, value } of table.getRange(range)) {
    const item = readItem(partitionKeyOf(key), value)
    bytes += itemBytes(item)
    if (items.length >= limit || (items.length > 0 && bytes > MAX_PAGE_BYTES)) {
      return pageWithNext(items)
    }
    items.push(item)
  }
  return { items }
}

const pageWithNext = (items: readonly Item[]): ScanPage => {
  const last = items.at(-1)
  return last === undefined ? { items } : { items, next: { pk: last.pk, sk: last.sk } }
}
