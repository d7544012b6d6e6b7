import { parseDigest, type Digest } from '../oci/digest.ts'
import type { Item } from '../ports.ts'
import { parseManifestRecord, type ManifestRecord } from '../registry/manifests/items.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key, prefix, type ListedAs, type RepositoryId } from '../table.ts'

export type ArtifactEntry = ManifestRecord & { readonly digest: Digest }

const MOST_AT_ONCE = 1_000

/** One of the lists of a repository's manifests, those pushed last first; so many are read at once. */
export const walkListed = async function* (
  store: Store,
  rid: RepositoryId,
  as: ListedAs,
  atOnce = MOST_AT_ONCE,
): AsyncGenerator<ArtifactEntry> {
  const found = pages(store, {
    pk: key.tagsOf(rid),
    sk: { prefix: prefix.listed[as] },
    limit: Math.min(atOnce, MOST_AT_ONCE),
    read: 'strong',
  })
  for await (const items of found) yield* items.map(parseEntry)
}

const parseEntry = (item: Item): ArtifactEntry => ({
  ...parseManifestRecord(item),
  digest: parseDigest(item.sk.slice(item.sk.lastIndexOf('#') + 1)),
})
