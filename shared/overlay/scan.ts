import { itemBytes, MAX_PAGE_BYTES } from '../limits.ts'
import type { Item, Kv, Scan, ScanPage } from '../ports.ts'
import type { Changes } from './changes.ts'

/** No partition is called so: behind it lies what was written here, by number, behind all that is below. */
const HERE = '\u{10ffff}'

/** A page of what is below that was not written here; behind the last one, what was. */
export const scanOver = async (below: Kv, changes: Changes, scan: Scan): Promise<ScanPage> => {
  const { after, limit = Infinity } = scan
  if (after?.pk !== HERE) {
    const { items, next = { pk: HERE, sk: '0' } } = await below.scan(scan)
    return { items: items.filter((item) => !changes.has(item)), next }
  }
  const items: Item[] = []
  let bytes = 0
  for (let number = Number(after.sk); number < changes.keys.length; number += 1) {
    const key = changes.keys[number]
    const item = key && changes.get(key)
    if (item === undefined) continue
    bytes += itemBytes(item)
    if (items.length >= limit || (items.length > 0 && bytes > MAX_PAGE_BYTES)) {
      return { items, next: { pk: HERE, sk: String(number) } }
    }
    items.push(structuredClone(item))
  }
  return { items }
}
