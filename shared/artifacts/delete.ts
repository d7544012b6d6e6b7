import { DomainError } from '../errors.ts'
import { RegistryError } from '../oci/errors.ts'
import type { RegistryContext } from '../registry/context.ts'
import { removeManifest } from '../registry/manifests/delete.ts'
import type { ListedRepository } from '../repositories/items.ts'
import type { ArtifactEntry } from './entries.ts'

/**
 * Deletes an artifact with all its tags, as the distribution API does.
 * @throws DomainError PRECONDITION while an index holds it; RegistryError MANIFEST_UNKNOWN when it is gone
 */
export const deleteArtifact = async (
  context: RegistryContext,
  repository: ListedRepository,
  { digest }: ArtifactEntry,
): Promise<void> => {
  const { pid, rid, name } = repository
  try {
    await removeManifest(context, { pid, rid }, digest, { name })
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'DENIED') {
      throw new DomainError('PRECONDITION', error.message, { cause: error })
    }
    throw error
  }
}
