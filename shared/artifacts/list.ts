import { parseManifestRecord, parseTagRecord } from '../registry/manifests/items.ts'
import type { RegistryContext } from '../registry/context.ts'
import type { ListedRepository } from '../repositories/items.ts'
import { readAll } from '../store/batch.ts'
import { takePage, together, type Listing, type Paging } from '../store/page.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key, parseLabelNumber, prefix, type RepositoryId } from '../table.ts'
import { countArtifacts } from './counts.ts'
import { describeArtifacts, type Artifact } from './describe.ts'
import { walkListed, type ArtifactEntry } from './entries.ts'

/** One page of the artifacts of a repository, those pushed last first. */
export const listArtifacts = async (
  context: RegistryContext,
  repository: ListedRepository,
  paging: Paging,
): Promise<Listing<Artifact>> => {
  const { store } = context
  const { rid } = repository
  const { limit, skip = 0 } = paging
  const walk = walkListed(store, rid, 'artifact', skip + limit + 1)
  const [total, { entries, more }] = await Promise.all([
    countArtifacts(store, rid),
    takePage(walk, paging),
  ])
  const artifacts = await describeArtifacts(context, repository, entries)
  return { entries: artifacts, more, total }
}

/** An artifact with what a query may ask for. */
export type Candidate = ArtifactEntry & {
  readonly tags: readonly string[]
  readonly labels: readonly number[]
}

/** What of candidates has to be read besides their entries. */
export type Wanted = {
  readonly tags: boolean
  readonly labels: boolean
  readonly pulls: boolean
}

/** All artifacts of a repository, those pushed last first, with what is wanted of them. */
export const walkCandidates = async function* (
  store: Store,
  { rid }: ListedRepository,
  wanted: Wanted,
): AsyncGenerator<Candidate> {
  const [tags, labels] = await Promise.all([
    wanted.tags ? readTagsByDigest(store, rid) : undefined,
    wanted.labels ? readLabelsByDigest(store, rid) : undefined,
  ])
  for await (const entries of together(walkListed(store, rid, 'artifact'))) {
    const pulls = wanted.pulls
      ? await readAll(
          store,
          entries.map(({ digest }) => key.manifest(rid, digest)),
          'eventual',
        )
      : undefined
    for (const entry of entries) {
      const { digest, inc } = entry
      const item = pulls?.get(key.manifest(rid, digest))
      yield {
        ...entry,
        pulledAt: item === undefined ? undefined : parseManifestRecord(item).pulledAt,
        tags: tags?.get(digest) ?? [],
        labels: (labels?.get(digest) ?? []).flatMap((label) =>
          label.inc === inc ? [label.number] : [],
        ),
      }
    }
  }
}

const readTagsByDigest = async (
  store: Store,
  rid: RepositoryId,
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const tags = new Map<string, string[]>()
  const query = { pk: key.tagsOf(rid), sk: { prefix: prefix.tags }, read: 'strong' } as const
  for await (const items of pages(store, query)) {
    for (const item of items) {
      append(tags, parseTagRecord(item).digest, item.sk.slice(prefix.tags.length))
    }
  }
  return tags
}

type LabelOn = { readonly number: number; readonly inc: string }

const readLabelsByDigest = async (
  store: Store,
  rid: RepositoryId,
): Promise<ReadonlyMap<string, readonly LabelOn[]>> => {
  const labels = new Map<string, LabelOn[]>()
  const query = { pk: key.tagsOf(rid), sk: { prefix: prefix.labelled }, read: 'strong' } as const
  for await (const items of pages(store, query)) {
    for (const { sk, inc } of items) {
      append(labels, sk.slice(sk.lastIndexOf('#') + 1), {
        number: parseLabelNumber(sk),
        inc: String(inc),
      })
    }
  }
  return labels
}

const append = <T>(lists: Map<string, T[]>, name: string, value: T): void => {
  const list = lists.get(name)
  if (list === undefined) lists.set(name, [value])
  else list.push(value)
}
