import type { Item } from '../../ports.ts'
import { parseListedAs } from '../../registry/manifests/items.ts'
import { whereListed } from '../../registry/manifests/relist.ts'
import { isAsSeen } from '../../store/checks.ts'
import { queryPage } from '../../store/query.ts'
import type { Store } from '../../store/store.ts'
import { prefix } from '../../table.ts'
import { parseKey } from '../../table-parse.ts'
import { isSo } from '../confirm.ts'
import { sideBySide } from '../../limiter.ts'
import { entriesOf, type Check, type CheckContext, type Entry, type Suspect } from '../suspect.ts'
import { token } from '../tokens.ts'

/** Of more holders than these nobody asks whether their pushes are under way: it is listed wrongly a while longer. */
const HOLDERS_ASKED = 25

type One = Extract<Entry['of'], { readonly kind: 'manifest' }> & { readonly item: Item }

/** A manifest is listed among the parts when an index holds it and no tag does, and among the artifacts when not. */
export const checkListings: Check = async (context, entries) => {
  const found = await sideBySide(oddOf(entries), async (one): Promise<readonly Suspect[]> => {
    const pid = await context.projectOf(one.rid)
    const isOdd = pid !== undefined && (await isElsewhere(context.store, one))
    return isOdd ? [await suspectOf(context, one, pid)] : []
  })
  return found.flat()
}

/** Those whose holders, as far as they are seen here, do not go with their list. */
const oddOf = (entries: readonly Entry[]): readonly One[] => {
  const partitions = (kind: 'heldByIndex' | 'heldByTag'): ReadonlySet<string> =>
    new Set(entriesOf(entries, kind).map(({ item }) => item.pk))
  const [held, tagged] = [partitions('heldByIndex'), partitions('heldByTag')]
  // The next page may begin among its holders.
  const last = entries.at(-1)?.item.pk
  return entriesOf(entries, 'manifest')
    .map(({ item, of }) => ({ ...of, item }))
    .filter(({ item }) => {
      if (item['accessoryOf'] !== undefined) return parseListedAs(item) !== 'accessory'
      const isPart = held.has(item.pk) && !tagged.has(item.pk)
      return item.pk === last || isPart !== (parseListedAs(item) === 'part')
    })
}

const isElsewhere = async (store: Store, { digest, item, rid }: One): Promise<boolean> => {
  const { belongs, guard } = await whereListed(store, rid, digest)
  return guard?.['inc'] === item['inc'] && guard !== undefined && parseListedAs(guard) !== belongs
}

const suspectOf = async (
  { store }: CheckContext,
  one: One,
  pid: NonNullable<Awaited<ReturnType<CheckContext['projectOf']>>>,
): Promise<Suspect> => {
  const { digest, item, rid } = one
  const query = {
    pk: item.pk,
    sk: { prefix: prefix.holdingIndexes },
    limit: HOLDERS_ASKED,
  } as const
  const { items } = await queryPage(store, { ...query, keysOnly: true, read: 'strong' })
  const underWay = items.map(parseKey).flatMap((of) => {
    if (of?.kind !== 'heldByIndex') return []
    const { digest: index, inc } = of.by
    return [token.push(rid, index, inc), token.repair(rid, index)]
  })
  return {
    finding: { kind: 'listedElsewhere', pid, rid, manifest: digest },
    awaits: [
      ...[token.listing(rid, digest), token.manifest(rid, digest), token.repair(rid, digest)],
      ...underWay,
    ],
    repair: [{ type: 'LISTING_REVIEW', pid, rid, digest }],
    confirm: async () =>
      (await isElsewhere(store, one)) && (await isSo(store, [isAsSeen(item, 'inc', 'listedAs')])),
  }
}
