import { compareUtf8, itemBytes, MAX_PAGE_BYTES } from '../limits.ts'
import type { Item, Key, Scan, ScanPage } from '../ports.ts'

const inOrder = (one: Key, other: Key): number =>
  compareUtf8(one.pk, other.pk) || compareUtf8(one.sk, other.sk)

/** One page of all items, by partition and sort key. `read` answers an item as it is to be seen, if at all. */
export const runScan = (
  all: readonly Item[],
  { after, limit = Infinity }: Scan,
  read: (key: Key) => Item | undefined,
): ScanPage => {
  const behind = after === undefined ? all : all.filter((item) => inOrder(item, after) > 0)
  const items: Item[] = []
  let [looked, bytes] = [0, 0]
  let last: Key | undefined
  for (const key of behind.toSorted(inOrder)) {
    const item = read(key)
    const size = item === undefined ? 0 : itemBytes(item)
    const isFull = looked >= limit || (items.length > 0 && bytes + size > MAX_PAGE_BYTES)
    if (isFull && last !== undefined) return { items, next: { pk: last.pk, sk: last.sk } }
    looked += 1
    bytes += size
    last = key
    if (item !== undefined) items.push(item)
  }
  return { items }
}
