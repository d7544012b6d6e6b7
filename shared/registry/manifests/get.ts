import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/name.ts'
import type { Reference } from '../../oci/reference.ts'
import type { ReadMode } from '../../ports.ts'
import { getItem, queryPage } from '../../store/query.ts'
import { GUARD, key, LAST_BODY, type RepositoryId, type RepositoryRef } from '../../table.ts'
import { nameUnknown } from '../blobs/find.ts'
import type { RegistryContext } from '../context.ts'
import { readBody } from './body.ts'
import { parseManifestRecord, parseTagRecord, type ManifestRecord } from './items.ts'

export type FoundManifest = ManifestRecord & { readonly digest: Digest }

/**
 * What is known of a manifest, without its body.
 * @throws RegistryError NAME_UNKNOWN, MANIFEST_UNKNOWN
 */
export const findManifest = async (
  context: RegistryContext,
  name: RepositoryName,
  reference: Reference,
): Promise<FoundManifest> => {
  const { repository, digest } = await resolve(context, name, reference)
  const guard = key.manifest(repository.rid, digest)
  const item =
    (await getItem(context.store, guard, 'eventual')) ??
    (await getItem(context.store, guard, 'strong'))
  if (item === undefined) throw manifestUnknown(reference)
  return { ...parseManifestRecord(item), digest }
}

/**
 * A manifest with its bytes, exactly as they were pushed.
 * @throws RegistryError NAME_UNKNOWN, MANIFEST_UNKNOWN
 */
export const readManifest = async (
  context: RegistryContext,
  name: RepositoryName,
  reference: Reference,
): Promise<FoundManifest & { readonly bytes: Uint8Array; readonly repository: RepositoryRef }> => {
  const { repository, digest } = await resolve(context, name, reference)
  const { rid } = repository
  const found =
    (await readStored(context, rid, digest, 'eventual')) ??
    (await readStored(context, rid, digest, 'strong'))
  if (found === undefined) throw manifestUnknown(reference)
  return { ...found, digest, repository }
}

const resolve = async (
  { store, repositories }: RegistryContext,
  name: RepositoryName,
  reference: Reference,
): Promise<{ readonly repository: RepositoryRef; readonly digest: Digest }> => {
  const repository = await repositories.forPull(name)
  if (repository === undefined) throw nameUnknown(name)
  const { rid } = repository
  if (reference.kind === 'digest') return { repository, digest: reference.digest }
  const item = await getItem(store, key.tag(rid, reference.tag), 'strong')
  if (item === undefined) throw manifestUnknown(reference)
  return { repository, digest: parseTagRecord(item).digest }
}

/**
 * A manifest as it is stored: one query answers the guard and, right behind it, the body of its incarnation. `undefined`:
 * it is not there, or not whole.
 */
export const readStored = async (
  { store, objects }: Pick<RegistryContext, 'store' | 'objects'>,
  rid: RepositoryId,
  digest: Digest,
  read: ReadMode,
): Promise<(ManifestRecord & { readonly bytes: Uint8Array }) | undefined> => {
  const { pk, sk } = key.manifest(rid, digest)
  // Both fit into one page: an item has at most 400 KB, a page 1 MB.
  const { items } = await queryPage(store, { pk, sk: { from: GUARD, to: LAST_BODY }, read })
  const guard = items.find((item) => item.sk === sk)
  if (guard === undefined) return undefined
  const record = parseManifestRecord(guard)
  const bodyKey = key.manifestBody(rid, digest, record.inc)
  const bytes = await readBody(
    objects,
    record,
    items.find((item) => item.sk === bodyKey.sk),
  )
  return bytes && { ...record, bytes }
}

export const manifestUnknown = (reference: Reference): RegistryError =>
  new RegistryError('MANIFEST_UNKNOWN', {
    detail: reference.kind === 'tag' ? { tag: reference.tag } : { digest: reference.digest },
  })
