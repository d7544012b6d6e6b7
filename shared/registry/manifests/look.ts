import { parseGuard, type Guard } from '../../guards/guard.ts'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { Manifest } from '../../oci/manifest.ts'
import type { RepositoryName } from '../../oci/name.ts'
import type { Tag } from '../../oci/reference.ts'
import { parseOptions } from '../../projects/items.ts'
import type { Quota } from '../../quota/items.ts'
import { completeQuota, isNearlyUsed } from '../../quota/read.ts'
import { readAll } from '../../store/batch.ts'
import { key, type RepositoryRef } from '../../table.ts'
import { leaseLeft } from '../blobs/items.ts'
import { isMember } from '../blobs/membership.ts'
import type { RegistryContext } from '../context.ts'
import { parseManifestRecord, type ManifestRecord } from './items.ts'
import { tagsIn, type TagsBefore } from './point.ts'

/** What there is before a push, read strongly in one round trip. */
export type Seen = {
  readonly repository: RepositoryRef
  readonly quota: Quota | undefined
  readonly allowSparse: boolean
  readonly present: { readonly guard: Guard; readonly record: ManifestRecord } | undefined
  readonly tags: TagsBefore
  /** Blobs of the manifest that the repository does not have. */
  readonly missing: ReadonlySet<Digest>
}

type Wanted = {
  readonly manifest: Manifest
  readonly digest: Digest
  readonly tags: readonly Tag[]
}

/** Reads under the id that the name is believed to have, while the name itself is being asked. */
export const lookBeforePush = async (
  context: RegistryContext,
  name: RepositoryName,
  wanted: Wanted,
): Promise<Seen> => {
  const believed = context.repositories.cached(name)
  const [repository, early] = await Promise.all([
    context.repositories.forPush(name),
    believed && look(context, believed, wanted),
  ])
  const seen =
    early !== undefined && early.repository.rid === repository.rid
      ? early
      : await look(context, repository, wanted)
  const { quota } = seen
  if (quota !== undefined && isNearlyUsed(quota)) {
    context.quotaWarned?.({ ...quota, pid: repository.pid, project: name.project })
  }
  return seen
}

const look = async (
  { store, allowSparse }: RegistryContext,
  repository: RepositoryRef,
  { manifest, digest, tags }: Wanted,
): Promise<Seen> => {
  const { pid, rid } = repository
  const keys = {
    project: key.project(pid),
    quota: key.quota(pid),
    manifest: key.manifest(rid, digest),
    tags: tags.map((tag) => key.tag(rid, tag)),
    leases: manifest.blobs.map((blob) => key.lease(blob.digest, repository)),
  }
  const found = await readAll(
    store,
    [keys.project, keys.quota, keys.manifest, ...keys.tags, ...keys.leases],
    'strong',
  )
  const guard = found.get(keys.manifest)
  const now = store.clock.now()
  const unleased = manifest.blobs.filter(
    (blob) => leaseLeft(found.get(key.lease(blob.digest, repository)), now) === 0,
  )
  return {
    repository,
    quota: await completeQuota(store, pid, found.get(keys.quota), 'strong'),
    allowSparse: parseOptions(found.get(keys.project)).allowSparse ?? allowSparse,
    present:
      guard === undefined
        ? undefined
        : { guard: parseGuard(guard), record: parseManifestRecord(guard) },
    tags: tagsIn(found, rid, tags),
    missing:
      guard === undefined
        ? await notMembers(
            store,
            repository,
            unleased.map((blob) => blob.digest),
          )
        : new Set(),
  }
}

/** A blob without a lease may still be there by another manifest's reference. */
const notMembers = async (
  store: RegistryContext['store'],
  repository: RepositoryRef,
  digests: readonly Digest[],
): Promise<ReadonlySet<Digest>> => {
  const members = await Promise.all(
    digests.map(async (digest) => await isMember(store, digest, repository, 'strong')),
  )
  return new Set(digests.filter((_, index) => members[index] === false))
}

/**
 * Blobs that the manifest may do without.
 * @throws RegistryError MANIFEST_BLOB_UNKNOWN with the blobs that it may not
 */
export const requireMembers = (manifest: Manifest, seen: Seen): ReadonlySet<Digest> => {
  const needed = manifest.blobs.filter(
    ({ digest, optional }) => seen.missing.has(digest) && !optional && !seen.allowSparse,
  )
  if (needed.length > 0) throw childrenUnknown(needed.map(({ digest }) => digest))
  return seen.missing
}

export const childrenUnknown = (digests: readonly Digest[]): RegistryError =>
  new RegistryError('MANIFEST_BLOB_UNKNOWN', {
    message: 'the manifest refers to blobs or manifests that this repository does not have',
    detail: { unknown: digests },
  })
