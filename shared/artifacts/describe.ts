import type { Digest } from '../oci/digest.ts'
import type { Annotations } from '../oci/manifest.ts'
import { parseManifest } from '../oci/manifest.ts'
import { isImageIndex } from '../oci/media-types.ts'
import { isTag, type Tag } from '../oci/reference.ts'
import type { Item } from '../ports.ts'
import { readLabels } from '../labels/find.ts'
import type { Label } from '../labels/label.ts'
import type { RegistryContext } from '../registry/context.ts'
import { readBody } from '../registry/manifests/body.ts'
import { parseManifestRecord, type ManifestRecord } from '../registry/manifests/items.ts'
import type { ListedRepository } from '../repositories/items.ts'
import { readAll } from '../store/batch.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import {
  HOLDERS_AND_LABELS,
  key,
  parseHolder,
  parseLabelNumber,
  prefix,
  type RepositoryId,
} from '../table.ts'
import type { ArtifactEntry } from './entries.ts'
import { numberFor } from './number.ts'
import { referencesIn, type ChildReference } from './references.ts'
import { parseArtifactTag, type ArtifactTag } from './tags.ts'
import { typeOf } from './type.ts'

export type Artifact = ManifestRecord & {
  /** What Harbor's API calls `id`. */
  readonly number: number
  readonly digest: Digest
  readonly repository: ListedRepository
  readonly type: string
  /** Of everything that it is made of, the manifests of an index included. */
  readonly totalBytes: number
  readonly annotations: Annotations | undefined
  readonly references: readonly ChildReference[]
  readonly tags: readonly ArtifactTag[]
  readonly labels: readonly Label[]
}

/** More tags and holders of one artifact than this are not shown in a list of artifacts; its list of tags has them. */
const MOST_HOLDERS = 1_000

export const artifactNumber = (rid: RepositoryId, digest: Digest): number =>
  numberFor('artifact', rid, digest)

/**
 * Some artifacts of a repository with everything that is known of them: one small query for each, side by side, and two
 * batches. What is gone meanwhile is left out.
 */
export const describeArtifacts = async (
  context: RegistryContext,
  repository: ListedRepository,
  entries: readonly ArtifactEntry[],
): Promise<readonly Artifact[]> => {
  const { store, objects } = context
  const { rid } = repository
  const [held, found] = await Promise.all([
    Promise.all(entries.map(async ({ digest }) => await readHeld(store, rid, digest))),
    readAll(
      store,
      entries.flatMap(({ digest, inc }) => [
        key.manifest(rid, digest),
        key.manifestBody(rid, digest, inc),
      ]),
      'strong',
    ),
  ])
  const present = await Promise.all(
    entries.map(async (entry, index) => {
      const item = found.get(key.manifest(rid, entry.digest))
      if (item === undefined) return undefined
      const record = parseManifestRecord(item)
      if (record.inc !== entry.inc) return undefined
      const body = found.get(key.manifestBody(rid, entry.digest, record.inc))
      const bytes = await readBody(objects, record, body)
      const labels = (held[index]?.labels ?? []).filter(({ inc }) => inc === record.inc)
      return { digest: entry.digest, record, bytes, tags: held[index]?.tags ?? [], labels }
    }),
  )
  const parsed = present.flatMap((one) => {
    if (one === undefined) return []
    const { bytes, record } = one
    const references =
      bytes !== undefined && isImageIndex(record.mediaType) ? referencesIn(bytes) : []
    return [{ ...one, references }]
  })
  const [items, labels] = await Promise.all([
    readAll(
      store,
      parsed.flatMap(({ tags, references }) => [
        ...tags.map((tag) => key.tag(rid, tag)),
        ...references.map(({ digest }) => key.manifest(rid, digest)),
      ]),
      'strong',
    ),
    readLabels(store, [
      ...new Set(parsed.flatMap((one) => one.labels.map(({ number }) => number))),
    ]),
  ])
  return parsed.map(({ digest, record, bytes, references, tags, labels: own }) => ({
    ...record,
    number: artifactNumber(rid, digest),
    digest,
    repository,
    type: typeOf(record),
    totalBytes:
      bytesOf(record) +
      references.reduce(
        (total, child) => total + bytesOfItem(items.get(key.manifest(rid, child.digest))),
        0,
      ),
    annotations:
      bytes === undefined ? undefined : parseManifest(bytes, record.mediaType).annotations,
    references,
    tags: tags.flatMap((tag) => parseArtifactTag(rid, digest, items.get(key.tag(rid, tag))) ?? []),
    labels: own.flatMap(({ number }) => labels.get(number) ?? []),
  }))
}

const bytesOf = ({ contentSize, sizeBytes }: ManifestRecord): number => contentSize ?? sizeBytes
const bytesOfItem = (item: Item | undefined): number =>
  item === undefined ? 0 : bytesOf(parseManifestRecord(item))

type Held = {
  readonly tags: readonly Tag[]
  readonly labels: readonly { readonly number: number; readonly inc: string }[]
}

const readHeld = async (store: Store, rid: RepositoryId, digest: Digest): Promise<Held> => {
  const { pk } = key.manifest(rid, digest)
  const tags: Tag[] = []
  const labels: { number: number; inc: string }[] = []
  let seen = 0
  for await (const items of pages(store, { pk, sk: HOLDERS_AND_LABELS, read: 'strong' })) {
    for (const { sk, inc } of items) {
      const tag = sk.startsWith(prefix.holdingTags) ? parseHolder(sk).tag : ''
      if (isTag(tag) && tags.length < MOST_HOLDERS && tags.at(-1) !== tag) tags.push(tag)
      if (sk.startsWith(prefix.labelsOfArtifact)) {
        labels.push({ number: parseLabelNumber(sk), inc: String(inc) })
      }
    }
    seen += items.length
    if (seen > MOST_HOLDERS) break
  }
  return { tags, labels }
}
