import { bucketKey } from '../bucket.ts'
import type { Digest } from '../oci/digest.ts'
import { parseManifest } from '../oci/manifest.ts'
import type { RepositoryName } from '../oci/name.ts'
import type { Reference, Tag } from '../oci/reference.ts'
import { parseRepositoryRef } from '../projects/items.ts'
import type { RegistryContext } from '../registry/context.ts'
import { decodeBody } from '../registry/manifests/body.ts'
import { readStored } from '../registry/manifests/get.ts'
import { parseTagRecord } from '../registry/manifests/items.ts'
import { lackingOf } from '../registry/trash.ts'
import { getItem, queryAll } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import {
  deletedRepositories,
  key,
  parseDeletedRepository,
  type ProjectId,
  type RepositoryId,
} from '../table.ts'
import {
  parseDeletedAt,
  parseTrashedManifest,
  parseTrashedTag,
  type TrashedManifest,
} from './items.ts'

/** The repositories that had a name: the one that has it, and those that were deleted, the latest first. */
export type Sources = {
  readonly pid: ProjectId
  readonly present: RepositoryId | undefined
  readonly deleted: readonly RepositoryId[]
}

export const sourcesOf = async (
  store: Store,
  pid: ProjectId,
  { path, project }: RepositoryName,
): Promise<Sources> => {
  const { pk } = key.project(pid)
  const [item, gone] = await Promise.all([
    getItem(store, key.repositoryName(project, path), 'strong'),
    queryAll(store, { pk, sk: { prefix: deletedRepositories(path) }, read: 'strong' }),
  ])
  const latestFirst = gone.toSorted(
    (one, other) => parseDeletedAt(other).at - parseDeletedAt(one).at,
  )
  return {
    pid,
    present: item === undefined ? undefined : parseRepositoryRef(item).rid,
    deleted: latestFirst.map(({ sk }) => parseDeletedRepository(sk)),
  }
}

const all = ({ deleted, present }: Omit<Sources, 'pid'>): readonly RepositoryId[] =>
  present === undefined ? deleted : [present, ...deleted]

/** The digest that is meant: of a tag, where it led when it was deleted. `undefined`: it was not, or long ago. */
export const findDigest = async (
  store: Store,
  sources: Sources,
  reference: Reference,
): Promise<Digest | undefined> => {
  if (reference.kind === 'digest') return reference.digest
  for (const rid of all(sources)) {
    const found = await whereLed(store, rid, reference.tag, sources)
    if (found !== undefined) return found
  }
  return undefined
}

const whereLed = async (
  store: Store,
  rid: RepositoryId,
  tag: Tag,
  { present }: Sources,
): Promise<Digest | undefined> => {
  // What is in a deleted repository goes one by one: the tag may be there still.
  const still = rid === present ? undefined : await getItem(store, key.tag(rid, tag), 'strong')
  if (still !== undefined) return parseTagRecord(still).digest
  const item = await getItem(store, key.trashedTag(rid, tag), 'strong')
  return item && parseTrashedTag(item)
}

/** Of a repository that is being deleted, and is not gone yet. */
const findUndeleted = async (
  context: Pick<RegistryContext, 'store' | 'objects'>,
  pid: ProjectId,
  rid: RepositoryId,
  digest: Digest,
): Promise<Found | undefined> => {
  const stored = await readStored(context, rid, digest, 'strong')
  if (stored === undefined) return undefined
  const { bytes, isSparse = false, mediaType } = stored
  const manifest = parseManifest(bytes, mediaType)
  const lacking = await lackingOf(context.store, pid, manifest, stored)
  return { bytes, isSparse, mediaType, lacking }
}

export type Found = Pick<TrashedManifest, 'mediaType' | 'isSparse' | 'lacking'> & {
  /** The very bytes that were pushed. */
  readonly bytes: Uint8Array
}

/** A manifest that was deleted, out of the trash of any of the repositories. */
export const findManifest = async (
  context: Pick<RegistryContext, 'store' | 'objects'>,
  { pid, ...sources }: Sources,
  digest: Digest,
): Promise<Found | undefined> => {
  for (const rid of all(sources)) {
    const found =
      (rid === sources.present ? undefined : await findUndeleted(context, pid, rid, digest)) ??
      (await findTrashed(context, rid, digest))
    if (found !== undefined) return found
  }
  return undefined
}

const findTrashed = async (
  { objects, store }: Pick<RegistryContext, 'store' | 'objects'>,
  rid: RepositoryId,
  digest: Digest,
): Promise<Found | undefined> => {
  const item = await getItem(store, key.trashedManifest(rid, digest), 'strong')
  if (item === undefined) return undefined
  const record = parseTrashedManifest(item)
  if (record.oid === undefined) return { ...record, bytes: decodeBody(item) }
  const object = await objects.get(bucketKey.object(record.oid))
  return object && { ...record, bytes: Buffer.concat(await Array.fromAsync(object.body)) }
}
