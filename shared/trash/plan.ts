import { DomainError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { parseManifest, type Manifest } from '../oci/manifest.ts'
import type { RegistryContext } from '../registry/context.ts'
import { getItem } from '../store/query.ts'
import { key } from '../table.ts'
import { findManifest, type Found, type Sources } from './find.ts'

/** One request brings back so many manifests at most: an index with its parts. */
const MOST_MANIFESTS = 300

export type Planned = Found & { readonly manifest: Manifest }
/** What is to be pushed again, parts before the whole. */
export type Plan = ReadonlyMap<Digest, Planned>

/**
 * Finds a manifest in the trash, with the parts of it that are not there either. `undefined`: it is not in the trash.
 * @throws DomainError PRECONDITION when a part is gone for good, BAD_REQUEST when there are too many
 */
export const planUndeletion = async (
  context: RegistryContext,
  sources: Sources,
  digest: Digest,
): Promise<Plan | undefined> => {
  const plan = new Map<Digest, Planned>()
  const visit = async (one: Digest): Promise<boolean> => {
    if (plan.has(one)) return true
    const found = await findManifest(context, sources, one)
    if (found === undefined) return false
    const manifest = parseManifest(found.bytes, found.mediaType)
    for (const { digest: part } of manifest.manifests) {
      const isThere = (await isPresent(context, sources, part)) || (await visit(part))
      if (!isThere && !found.isSparse) throw goneFor(one, [part])
    }
    if (plan.size >= MOST_MANIFESTS) {
      throw new DomainError('BAD_REQUEST', `more than ${MOST_MANIFESTS} manifests would come back`)
    }
    plan.set(one, { ...found, manifest })
    return true
  }
  return (await visit(digest)) ? plan : undefined
}

/** What a manifest cannot be without, and what is in the trash no more. */
export const goneFor = (digest: Digest, parts: readonly Digest[]): DomainError =>
  new DomainError(
    'PRECONDITION',
    `${digest} cannot be brought back: the trash does not have ${parts.join(', ')} any more`,
  )

const isPresent = async (
  { store }: RegistryContext,
  { present: rid }: Sources,
  digest: Digest,
): Promise<boolean> =>
  rid !== undefined && (await getItem(store, key.manifest(rid, digest), 'strong')) !== undefined
