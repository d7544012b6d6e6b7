import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/name.ts'
import type { ReadMode } from '../../ports.ts'
import { readAll } from '../../store/batch.ts'
import { key, type RepositoryRef } from '../../table.ts'
import { timesOf, type Store } from '../../store/store.ts'
import type { RegistryContext } from '../context.ts'
import { holdBlob } from './hold.ts'
import { leaseLeft, parseWholeBlob, type Blob } from './items.ts'
import { isMember } from './membership.ts'

/**
 * A blob for a reader. It is there when it exists, its project is linked to it, and something in this repository holds
 * it; a miss is looked at again strongly before it is believed.
 * @throws RegistryError NAME_UNKNOWN, BLOB_UNKNOWN
 */
export const findBlob = async (
  context: RegistryContext,
  name: RepositoryName,
  digest: Digest,
): Promise<Blob> => {
  const repository = await pullable(context, name)
  const blob =
    (await look(context, repository, digest, 'eventual')) ??
    (await look(context, repository, digest, 'strong'))
  if (blob === undefined) throw blobUnknown(digest)
  return blob
}

const look = async (
  { store }: RegistryContext,
  repository: RepositoryRef,
  digest: Digest,
  read: ReadMode,
): Promise<Blob | undefined> => {
  const [blobKey, linkKey] = [key.blob(digest), key.link(digest, repository.pid)]
  const [found, member] = await Promise.all([
    readAll(store, [blobKey, linkKey], read),
    isMember(store, digest, repository, read),
  ])
  const item = found.get(blobKey)
  return item !== undefined && found.get(linkKey) !== undefined && member
    ? parseWholeBlob(item)
    : undefined
}

/**
 * A blob for somebody who is about to push a manifest: what is answered here will still be there an hour from now. A
 * lease that has less left is renewed, and the blob protected, before the answer.
 * @throws RegistryError NAME_UNKNOWN, BLOB_UNKNOWN
 */
export const findBlobToPush = async (
  context: RegistryContext,
  name: RepositoryName,
  digest: Digest,
): Promise<Blob> => {
  const { repositories, store } = context
  // Of who is about to push nothing is believed: it would be told of what is in a repository that had the name before.
  const believed = repositories.cached(name)
  const [repository, early] = await Promise.all([
    repositories.existing(name),
    believed && lookToPush(store, believed, digest),
  ])
  if (repository === undefined) throw nameUnknown(name)
  const { found, keys } =
    early !== undefined && believed?.rid === repository.rid
      ? early
      : await lookToPush(store, repository, digest)
  const item = found.get(keys.blob)
  const blob = item && parseWholeBlob(item)
  if (blob === undefined || found.get(keys.link) === undefined) throw blobUnknown(digest)
  if (leaseLeft(found.get(keys.lease), store.clock.now()) >= timesOf(store).leaseLeft) return blob
  if (!(await isMember(store, digest, repository, 'strong'))) throw blobUnknown(digest)
  const held = await holdBlob(store, digest, repository, { look: found })
  if (held === undefined) throw blobUnknown(digest)
  return held
}

const lookToPush = async (store: Store, repository: RepositoryRef, digest: Digest) => {
  const keys = {
    blob: key.blob(digest),
    link: key.link(digest, repository.pid),
    lease: key.lease(digest, repository),
  }
  return { keys, found: await readAll(store, Object.values(keys), 'strong') }
}

const pullable = async (context: RegistryContext, name: RepositoryName): Promise<RepositoryRef> => {
  const repository = await context.repositories.forPull(name)
  if (repository === undefined) throw nameUnknown(name)
  return repository
}

export const nameUnknown = (name: RepositoryName): RegistryError =>
  new RegistryError('NAME_UNKNOWN', { detail: { name: name.given } })

export const blobUnknown = (digest: Digest): RegistryError =>
  new RegistryError('BLOB_UNKNOWN', { detail: { digest } })
