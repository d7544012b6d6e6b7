import { isDigest, parseDigest, type Digest } from '../../shared/oci/digest.ts'
import type { Item } from '../../shared/ports.ts'
import { unpackDigests } from '../../shared/registry/manifests/children.ts'
import { parseListedAs, parseManifestRecord } from '../../shared/registry/manifests/items.ts'
import { GUARD, key, prefix, type ListedAs, type RepositoryId } from '../../shared/table.ts'
import type { Observed } from './invariants.ts'

type Partitions = ReadonlyMap<string, readonly Item[]>

export const byPartition = (items: Iterable<Item>): Partitions => {
  const partitions = new Map<string, Item[]>()
  for (const item of items) {
    const partition = partitions.get(item.pk)
    if (partition === undefined) partitions.set(item.pk, [item])
    else partition.push(item)
  }
  return partitions
}

type Guard = {
  readonly item: Item
  readonly rid: RepositoryId
  readonly digest: Digest
  readonly own: readonly Item[]
}

/** Manifests by the repository, of those that have a name. */
const repositoriesIn = (partitions: Partitions): ReadonlyMap<RepositoryId, readonly Guard[]> => {
  const found = new Map<RepositoryId, Guard[]>()
  for (const [pk, [named]] of partitions) {
    if (pk.startsWith('NAME#')) found.set(String(named?.['rid']) as RepositoryId, [])
  }
  for (const [pk, own] of partitions) {
    const [kind, id = '', digest = ''] = pk.split('#')
    const rid = id as RepositoryId
    const item = kind === 'MANIFEST' ? own.find(({ sk }) => sk === GUARD) : undefined
    if (item !== undefined) found.get(rid)?.push({ item, rid, digest: parseDigest(digest), own })
  }
  return found
}

/**
 * I13: a manifest has one entry, in the list that its guard says, and there is no other; artifacts are as many as counted;
 * and where a manifest is not in the list that it belongs to, a task is there that will look. To be asked when nothing is
 * half visible.
 */
export const brokenListings = (partitions: Partitions): string[] =>
  [...repositoriesIn(partitions)].flatMap(([rid, guards]) => {
    const own = partitions.get(key.tagsOf(rid)) ?? []
    return [
      ...brokenEntries(own, guards),
      ...brokenCount(own, rid),
      ...guards
        .filter((guard) => isMisplaced(guard, own) && !isAwaited(guard, partitions))
        .map(({ item }) => `I13: ${item.pk} is ${parseListedAs(item)}, and nobody will look`),
    ]
  })

const LISTS = Object.values(prefix.listed)

const brokenEntries = (own: readonly Item[], guards: readonly Guard[]): string[] => {
  const expected = guards.map(({ digest, item, rid }) => {
    const { pushedAt } = parseManifestRecord(item)
    return `${key.listed(rid, parseListedAs(item), pushedAt, digest).sk} ${String(item['inc'])}`
  })
  const actual = own.flatMap(({ inc, sk }) =>
    LISTS.some((list) => sk.startsWith(list)) ? [`${sk} ${String(inc)}`] : [],
  )
  const difference = new Set(expected).symmetricDifference(new Set(actual))
  return [...difference].map((one) => `I13: lists and manifests differ in ${one}`)
}

const brokenCount = (own: readonly Item[], rid: RepositoryId): string[] => {
  const listed = own.filter(({ sk }) => sk.startsWith(prefix.listed.artifact)).length
  const counted = own.reduce(
    (sum, { artifacts, sk }) => sum + (sk.startsWith('COUNT#') ? Number(artifacts) : 0),
    0,
  )
  return listed === counted ? [] : [`I13: ${rid} lists ${listed} artifacts and counts ${counted}`]
}

const isHeldBy = ({ own }: Guard, start: string): boolean =>
  own.some(({ sk }) => sk.startsWith(start))

const listOf = (guard: Guard, isTagged: boolean): ListedAs => {
  if (guard.item['accessoryOf'] !== undefined) return 'accessory'
  return isHeldBy(guard, prefix.holdingIndexes) && !isTagged ? 'part' : 'artifact'
}

/** Neither where its holders have it, nor where its tags have it: one of these may be on its way, or a hold come too late. */
const isMisplaced = (guard: Guard, inRepository: readonly Item[]): boolean => {
  const { digest: of, item } = guard
  const isTagged = inRepository.some(
    ({ digest, inc, sk }) => sk.startsWith(prefix.tags) && digest === of && inc === item['inc'],
  )
  const lists = [listOf(guard, isTagged), listOf(guard, isHeldBy(guard, prefix.holdingTags))]
  return !lists.includes(parseListedAs(item))
}

/** Whether a task is about it, or about an index that held it, or one that holds it is being pushed. */
const isAwaited = ({ digest, own, rid }: Guard, partitions: Partitions): boolean => {
  const isPushed = own.some(({ sk }) => {
    const [, , index = '', inc = ''] = sk.startsWith(prefix.holdingIndexes) ? sk.split('#') : []
    const pushed = isDigest(index) ? partitions.get(key.manifest(rid, index).pk) : undefined
    return pushed?.some((item) => item.sk === `#INTENT#${inc}`) === true
  })
  const isInQueue = [...partitions].some(
    ([pk, tasks]) =>
      pk.startsWith('TASK#') && tasks.some((task) => task['rid'] === rid && isAbout(task, digest)),
  )
  return isPushed || isInQueue
}

const LOOKING: ReadonlySet<unknown> = new Set(['MANIFEST_REVIEW', 'LISTING_REVIEW', 'TOMBSTONE'])

const isAbout = ({ digest, manifests, parts, type }: Item, of: Digest): boolean =>
  LOOKING.has(type) &&
  (digest === of ||
    [manifests, parts].some(
      (packed) => packed instanceof Uint8Array && unpackDigests(packed).includes(of),
    ))

/** Manifests that are not listed where they belong, when everything was worked off. */
export const misplaced = ({ table }: Pick<Observed, 'table'>): string[] =>
  [...repositoriesIn(byPartition(table.items())).values()].flat().flatMap((guard) => {
    const { item } = guard
    const [belongs, listedAs] = [
      listOf(guard, isHeldBy(guard, prefix.holdingTags)),
      parseListedAs(item),
    ]
    return listedAs === belongs ? [] : [`misplaced: ${item.pk} is ${listedAs}, not ${belongs}`]
  })
