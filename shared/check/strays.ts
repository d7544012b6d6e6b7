import type { CheckItem, Item, Key } from '../ports.ts'
import { parseListedAs, parseTagRecord } from '../registry/manifests/items.ts'
import { getItem } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key, type Incarnation } from '../table.ts'
import { parseKey, type Parsed } from '../table-parse.ts'
import { isAbsent, isAsFound, isAsSeen } from '../store/checks.ts'

/** An item that one push of a manifest wrote, to hold something or to be found by. */
export type Holder = Extract<
  Parsed,
  {
    readonly kind: 'ref' | 'body' | 'heldByIndex' | 'heldByTag' | 'referrer' | 'listed'
  }
>

export const HOLDER_KINDS = [
  ...(['ref', 'body', 'heldByIndex', 'heldByTag', 'referrer', 'listed'] as const),
] satisfies readonly Holder['kind'][]

/** Which push it was. */
export const pushOf = (item: Item, of: Holder) =>
  of.kind === 'listed'
    ? { rid: of.rid, digest: of.digest, inc: String(item['inc']) as Incarnation }
    : of.by

/**
 * Looks strongly whether the push that wrote an item is under way, or became the manifest that is there; and the tag, of
 * what a tag holds by. Of an entry in a list, whether the manifest is in that one. Of a blob's object that is listed as in the trash, whether it is. Answers what must hold for it to be of no use, at one moment; `undefined`: it is of use.
 */
export const strayness = async (
  store: Store,
  item: Item,
): Promise<readonly CheckItem[] | undefined> => {
  const of = parseKey(item)
  if (of?.kind === 'trashedBlob') {
    const record = await getItem(store, key.object(of.oid), 'strong')
    return record?.['state'] === 'DOOM'
      ? undefined
      : [isAsFound(key.object(of.oid), record, 'state')]
  }
  if (of === undefined || !isHolder(of)) return undefined
  const { digest, inc, rid } = pushOf(item, of)
  const guardKey = key.manifest(rid, digest)
  const guard = await getItem(store, guardKey, 'strong')
  const gone = [isAbsent(key.intent(rid, digest, inc)), isAsFound(guardKey, guard, 'inc')]
  if (of.kind === 'heldByTag') {
    const tagKey: Key = key.tag(rid, of.tag)
    const tag = await getItem(store, tagKey, 'strong')
    const leads = tag && parseTagRecord(tag)
    // By it the tag is found, too, when the manifest goes: as long as it leads there, it is of use.
    if (leads?.digest === digest && leads.inc === inc) return undefined
    return [...gone, isAsFound(tagKey, tag, 'digest', 'inc')]
  }
  if (guard?.['inc'] !== inc) return gone
  const isElsewhere = of.kind === 'listed' && parseListedAs(guard) !== of.as
  return isElsewhere ? [isAsSeen(guard, 'inc', 'listedAs')] : undefined
}

const isHolder = (of: Parsed): of is Holder =>
  HOLDER_KINDS.some((kind): boolean => kind === of.kind)
