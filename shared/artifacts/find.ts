import { DomainError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { fullReference, type Reference } from '../oci/reference.ts'
import { parseManifestRecord, parseTagRecord } from '../registry/manifests/items.ts'
import type { ListedRepository } from '../repositories/items.ts'
import { getItem } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key } from '../table.ts'
import type { ArtifactEntry } from './entries.ts'

/**
 * An artifact by a tag or a digest, be it an accessory or a part of an index; read strongly.
 * @throws DomainError NOT_FOUND
 */
export const findArtifact = async (
  store: Store,
  { name, rid }: ListedRepository,
  reference: Reference,
): Promise<ArtifactEntry> => {
  const digest =
    reference.kind === 'digest'
      ? reference.digest
      : await digestOfTag(store, key.tag(rid, reference.tag))
  const item =
    digest === undefined ? undefined : await getItem(store, key.manifest(rid, digest), 'strong')
  if (digest === undefined || item === undefined) {
    throw noArtifact(name, reference)
  }
  return { ...parseManifestRecord(item), digest }
}

export const noArtifact = (name: RepositoryName, reference: Reference): DomainError =>
  new DomainError('NOT_FOUND', `artifact ${fullReference(name, reference)} not found`)

const digestOfTag = async (
  store: Store,
  tag: Parameters<typeof getItem>[1],
): Promise<Digest | undefined> => {
  const item = await getItem(store, tag, 'strong')
  return item === undefined ? undefined : parseTagRecord(item).digest
}
