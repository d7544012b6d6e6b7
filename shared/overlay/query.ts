import { compareUtf8, itemBytes, MAX_PAGE_BYTES } from '../limits.ts'
import type { Item, Kv, Query, QueryPage } from '../ports.ts'
import type { Changes } from './changes.ts'

/** A page of what is below with the changes over it. */
export const queryOver = async (below: Kv, changes: Changes, query: Query): Promise<QueryPage> => {
  const { keysOnly = false, limit = Infinity, pk, reverse = false, ...rest } = query
  const page = await below.query({
    ...{ ...rest, pk, reverse },
    ...(limit === Infinity ? {} : { limit }),
  })
  const over = changes.of(pk)
  const inOrder = (one: string, other: string): number =>
    reverse ? compareUtf8(other, one) : compareUtf8(one, other)
  const isHere = (sk: string): boolean =>
    isIn(sk, query.sk) &&
    (query.after === undefined || inOrder(sk, query.after) > 0) &&
    // What lies behind the page that was read comes with a later one.
    (page.next === undefined || inOrder(sk, page.next) <= 0)
  const here = [...over].flatMap(([sk, item]) => (item !== undefined && isHere(sk) ? [item] : []))
  const merged = [...page.items.filter(({ sk }) => !over.has(sk)), ...here].sort((one, other) =>
    inOrder(one.sk, other.sk),
  )
  const items = pageOf(merged, limit)
  const next = items.length < merged.length ? items.at(-1)?.sk : page.next
  const answered = keysOnly ? items.map(keysOf) : items.map((item) => structuredClone(item))
  return next === undefined ? { items: answered } : { items: answered, next }
}

/** As many as a page takes. */
const pageOf = (items: readonly Item[], limit: number): readonly Item[] => {
  let bytes = 0
  const end = items.findIndex((item, index) => {
    bytes += itemBytes(item)
    return index > 0 && bytes > MAX_PAGE_BYTES
  })
  return items.slice(0, Math.min(limit, end === -1 ? Infinity : end))
}

const keysOf = ({ pk, sk }: Item): Item => ({ pk, sk })

const isIn = (sk: string, range: Query['sk']): boolean => {
  if (range === undefined) return true
  if ('prefix' in range) return sk.startsWith(range.prefix)
  return compareUtf8(sk, range.from) >= 0 && compareUtf8(sk, range.to) <= 0
}
