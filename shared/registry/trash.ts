import type { Digest } from '../oci/digest.ts'
import type { Manifest } from '../oci/manifest.ts'
import type { RepositoryName } from '../oci/name.ts'
import type { Tag } from '../oci/reference.ts'
import type { AttributeValue, Key, TransactOperation } from '../ports.ts'
import { readAll } from '../store/batch.ts'
import { known } from '../store/known.ts'
import { timesOf, type Store } from '../store/store.ts'
import {
  key,
  SCHEMA_VERSION,
  type ProjectId,
  type RepositoryId,
  type RepositoryRef,
} from '../table.ts'
import { enqueue } from '../tasks/tasks.ts'
import type { StoredBody } from './manifests/body.ts'
import { packDigests } from './manifests/children.ts'
import type { ManifestRecord } from './manifests/items.ts'

type Attributes = Readonly<Record<string, AttributeValue | undefined>>

/** A manifest that goes, as who brings it back must know it. */
type GoingManifest = {
  readonly digest: Digest
  readonly record: ManifestRecord
  /** Where `record` has no object of its own. */
  readonly body: StoredBody | undefined
  /** Blobs that it refers to and that its project does not have: nobody is given them by bringing it back. */
  readonly lacking: readonly Digest[]
}

/**
 * The writes by which a manifest can be brought back while it is in the trash: its bytes, or where they are, its entry in
 * the list, and the task that ends it. For the transaction that removes it.
 */
export const trashManifest = (
  store: Store,
  rid: RepositoryId,
  { body, digest, lacking, record }: GoingManifest,
): readonly TransactOperation[] => {
  const {
    artifactType,
    configType,
    contentSize,
    isSparse,
    mediaType,
    oid,
    sizeBytes: size,
  } = record
  const shown = { digest, mediaType, size, contentSize, artifactType, configType }
  return intoTrash(store, key.trashedManifest(rid, digest), shown, {
    ...{ mediaType, oid, ...body, isSparse },
    lacking: lacking.length > 0 ? packDigests(lacking) : undefined,
  })
}

/**
 * Blobs that a manifest refers to and that its project does not have. Most manifests refer to nothing that need not be
 * there, and nothing is read for them.
 */
export const lackingOf = async (
  store: Store,
  pid: ProjectId,
  { blobs }: Pick<Manifest, 'blobs'>,
  { isSparse = false }: Pick<ManifestRecord, 'isSparse'>,
): Promise<readonly Digest[]> => {
  const doubtful = blobs.filter(({ optional }) => isSparse || optional)
  if (doubtful.length === 0) return []
  const links = doubtful.map(({ digest }) => ({ digest, link: key.link(digest, pid) }))
  const found = await readAll(
    store,
    links.map(({ link }) => link),
    'strong',
  )
  return links.filter(({ link }) => found.get(link) === undefined).map(({ digest }) => digest)
}

/** The same of a tag, which says where it led. For the transaction that deletes it. */
export const trashTag = (
  store: Store,
  rid: RepositoryId,
  tag: Tag,
  digest: Digest,
): readonly TransactOperation[] =>
  intoTrash(store, key.trashedTag(rid, tag), { digest, tag }, { digest })

/** The same of a repository whose name is given up: what was in it is found by its id. */
export const trashRepository = (
  store: Store,
  { pid, rid }: RepositoryRef,
  { path }: RepositoryName,
): readonly TransactOperation[] => {
  const { trash } = timesOf(store)
  if (trash === 0) return []
  const now = store.clock.now()
  const record = key.deletedRepository(pid, path, rid)
  const { pk: trashPk, sk: trashSk } = record
  return [
    { op: 'put', item: { ...record, v: SCHEMA_VERSION, at: now, until: now + trash } },
    enqueue(store.ids, now + trash, { type: 'TRASH_END', trashPk, trashSk, at: now }),
  ]
}

/** Absent where nothing is kept at all. */
const intoTrash = (
  store: Store,
  record: Key,
  entry: Attributes,
  more: Attributes,
): readonly TransactOperation[] => {
  const { trash } = timesOf(store)
  if (trash === 0) return []
  const at = store.clock.now()
  const until = at + trash
  const times = { v: SCHEMA_VERSION, at, until }
  const listed = key.trashEntry(record, at)
  const { pk: trashPk, sk: trashSk } = record
  return [
    { op: 'put', item: { ...record, ...times, ...known(more) } },
    { op: 'put', item: { ...listed, ...times, ...known(entry) } },
    enqueue(store.ids, until, { type: 'TRASH_END', trashPk, trashSk, at, entrySk: listed.sk }),
  ]
}
