/** Which manifests of a repository are artifacts of their own, and how many. */
import { parseDigest, type Digest } from '../oci/digest.ts'
import type { Item } from '../ports.ts'
import {
  parseManifestRecord,
  parseTagRecord,
  type ManifestRecord,
} from '../registry/manifests/items.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key, prefix, type RepositoryId } from '../table.ts'
import { readArtifactCounts, type ArtifactCounts } from './counts.ts'

export type ArtifactEntry = ManifestRecord & { readonly digest: Digest }

const MOST_AT_ONCE = 1_000

/**
 * The artifacts of a repository, those pushed last first: not what is only a part of an index and has no tag, nor what
 * is an accessory of another one.
 */
export const walkArtifacts = async function* (
  store: Store,
  rid: RepositoryId,
  {
    parts,
    atOnce = MOST_AT_ONCE,
  }: { readonly parts: ReadonlySet<Digest>; readonly atOnce?: number },
): AsyncGenerator<ArtifactEntry> {
  for await (const entry of walkManifests(store, rid, atOnce)) {
    if (entry.accessoryOf === undefined && !parts.has(entry.digest)) yield entry
  }
}

/** Every manifest of a repository, those pushed last first. */
export const walkManifests = async function* (
  store: Store,
  rid: RepositoryId,
  atOnce = MOST_AT_ONCE,
): AsyncGenerator<ArtifactEntry> {
  const found = pages(store, {
    pk: key.tagsOf(rid),
    sk: { prefix: prefix.artifacts },
    limit: Math.min(atOnce, MOST_AT_ONCE),
    read: 'strong',
  })
  for await (const items of found) yield* items.map(parseEntry)
}

/** What is a part of an index and has no tag. One look where the repository has no index. */
const readParts = async (
  store: Store,
  rid: RepositoryId,
  { indexes }: Pick<ArtifactCounts, 'indexes'>,
): Promise<ReadonlySet<Digest>> => {
  const parts = new Set<Digest>()
  if (indexes <= 0) return parts
  const pk = key.tagsOf(rid)
  const children = {
    pk,
    sk: { prefix: prefix.indexChildren },
    keysOnly: true,
    read: 'strong',
  } as const
  for await (const items of pages(store, children)) {
    for (const { sk } of items) parts.add(parseDigest(sk.split('#')[1] ?? ''))
  }
  for await (const items of pages(store, { pk, sk: { prefix: prefix.tags }, read: 'strong' })) {
    for (const item of items) parts.delete(parseTagRecord(item).digest)
  }
  return parts
}

export type Survey = ArtifactCounts & {
  /** What is no artifact of its own. */
  readonly parts: ReadonlySet<Digest>
}

/**
 * How many artifacts some repositories have: as counted, but where a repository has indexes its manifests are looked at.
 */
export const surveyArtifacts = async (
  store: Store,
  rids: readonly RepositoryId[],
): Promise<ReadonlyMap<RepositoryId, Survey>> => {
  const counts = await readArtifactCounts(store, rids)
  const surveys = await Promise.all(
    [...counts].map(async ([rid, count]) => [rid, await surveyOne(store, rid, count)] as const),
  )
  return new Map(surveys)
}

/** As above, of one repository. */
export const surveyArtifactsOf = async (store: Store, rid: RepositoryId): Promise<Survey> =>
  (await surveyArtifacts(store, [rid])).get(rid) ?? NOTHING

const NOTHING: Survey = { artifacts: 0, indexes: 0, changedAt: 0, parts: new Set() }

const surveyOne = async (
  store: Store,
  rid: RepositoryId,
  count: ArtifactCounts,
): Promise<Survey> => {
  const parts = await readParts(store, rid, count)
  const artifacts = parts.size === 0 ? count.artifacts : await countWithout(store, rid, parts)
  return { ...count, parts, artifacts: Math.max(0, artifacts) }
}

const countWithout = async (
  store: Store,
  rid: RepositoryId,
  parts: ReadonlySet<Digest>,
): Promise<number> => {
  let total = 0
  for await (const { accessoryOf, digest } of walkManifests(store, rid)) {
    if (accessoryOf === undefined && !parts.has(digest)) total += 1
  }
  return total
}

const parseEntry = (item: Item): ArtifactEntry => ({
  ...parseManifestRecord(item),
  digest: parseDigest(item.sk.slice(item.sk.lastIndexOf('#') + 1)),
})
