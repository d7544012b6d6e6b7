import { compareUtf8, itemBytes, MAX_PAGE_BYTES } from '../limits.ts'
import type { Item, Key, Query, QueryPage } from '../ports.ts'

/** One page of a query over sort keys in ascending order. */
export const runQuery = (
  sortKeys: readonly string[],
  { pk, sk, after, limit, reverse, keysOnly = false }: Query,
  read: (key: Key) => Item | undefined,
): QueryPage => {
  const order = reverse === true ? sortKeys.toReversed() : sortKeys
  const isBehind = (key: string): boolean =>
    after === undefined ||
    (reverse === true ? compareUtf8(key, after) < 0 : compareUtf8(key, after) > 0)
  const isWanted = (key: string): boolean => {
    if (sk === undefined) return true
    if ('prefix' in sk) return key.startsWith(sk.prefix)
    return compareUtf8(key, sk.from) >= 0 && compareUtf8(key, sk.to) <= 0
  }
  const items: Item[] = []
  let bytes = 0
  for (const key of order) {
    if (!isBehind(key) || !isWanted(key)) continue
    const last = items.at(-1)
    const isFull = bytes >= MAX_PAGE_BYTES || items.length === limit
    if (isFull && last !== undefined) return { items, next: last.sk }
    const item = read({ pk, sk: key })
    if (item === undefined) continue
    items.push(keysOnly ? { pk, sk: key } : item)
    bytes += itemBytes(item)
  }
  return { items }
}
