import { parseListedAs, parseManifestRecord } from '../../shared/registry/manifests/items.ts'
import { parseDigest } from '../../shared/oci/digest.ts'
import type { Item } from '../../shared/ports.ts'
import { GUARD, key, prefix, type RepositoryId } from '../../shared/table.ts'
import { parseKey } from '../../shared/table-parse.ts'
import type { Observed } from './invariants.ts'

type Guard = { readonly item: Item; readonly rid: RepositoryId; readonly entry: string }

/** Manifests of repositories that have a name. */
const guardsOf = (items: readonly Item[]): readonly Guard[] => {
  const rids = new Set(items.flatMap(({ pk, rid }) => (pk.startsWith('NAME#') ? [rid] : [])))
  return items.flatMap((item) => {
    const [kind, id = '', digest = ''] = item.pk.split('#')
    if (kind !== 'MANIFEST' || item.sk !== GUARD || !rids.has(id)) return []
    const rid = id as RepositoryId
    const { pushedAt } = parseManifestRecord(item)
    const { pk, sk } = key.listed(rid, parseListedAs(item), pushedAt, parseDigest(digest))
    return [{ item, rid, entry: `${pk} ${sk} ${String(item['inc'])}` }]
  })
}

/**
 * I13: a manifest has one entry, in the list that its guard says, and there is no other; artifacts are as many as counted.
 * To be asked when nothing is half visible.
 */
export const brokenListings = ({ table }: Pick<Observed, 'table'>): string[] => {
  const items = [...table.items()]
  const guards = guardsOf(items)
  const rids = new Set(guards.map(({ rid }) => rid))
  const entries = items.filter((item) => {
    const of = parseKey(item)
    return of?.kind === 'listed' && rids.has(of.rid)
  })
  const difference = new Set(guards.map(({ entry }) => entry)).symmetricDifference(
    new Set(entries.map(({ inc, pk, sk }) => `${pk} ${sk} ${String(inc)}`)),
  )
  const counts = [...rids].flatMap((rid) => {
    const { pk } = key.artifactCount(rid, 0)
    const own = items.filter((item) => item.pk === pk)
    const listed = own.filter(({ sk }) => sk.startsWith(prefix.listed.artifact)).length
    const counted = own.reduce(
      (sum, { artifacts, sk }) => sum + (sk.startsWith('COUNT#') ? Number(artifacts) : 0),
      0,
    )
    return listed === counted ? [] : [`I13: ${rid} lists ${listed} artifacts and counts ${counted}`]
  })
  return [...[...difference].map((one) => `I13: lists and manifests differ in ${one}`), ...counts]
}

/** Manifests that are not listed where they belong, when everything was worked off. */
export const misplaced = ({ table }: Pick<Observed, 'table'>): string[] => {
  const items = [...table.items()]
  return guardsOf(items).flatMap(({ item }) => {
    const isHeldBy = (start: string): boolean =>
      items.some(({ pk, sk }) => pk === item.pk && sk.startsWith(start))
    const isPart = isHeldBy(prefix.holdingIndexes) && !isHeldBy(prefix.holdingTags)
    const others = isPart ? 'part' : 'artifact'
    const belongs = item['accessoryOf'] === undefined ? others : 'accessory'
    const listedAs = parseListedAs(item)
    return listedAs === belongs ? [] : [`misplaced: ${item.pk} is ${listedAs}, not ${belongs}`]
  })
}
