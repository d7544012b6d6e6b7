import { z } from '@hono/zod-openapi'
import { findArtifact } from '../../../../shared/artifacts/find.ts'
import type { ArtifactEntry } from '../../../../shared/artifacts/entries.ts'
import { parseReference } from '../../../../shared/oci/reference.ts'
import type { ListedRepository } from '../../../../shared/repositories/items.ts'
import type { ApiContext } from '../../factory.ts'
import { flag, ofRepository } from '../../http/schemas.ts'
import { repositoryOf } from '../../registry.ts'

export const REPOSITORY = '/projects/{project_name_or_id}/repositories/{repository_name}'
export const ARTIFACTS = `${REPOSITORY}/artifacts` as const
export const ARTIFACT = `${ARTIFACTS}/{reference}` as const

/** The part of a request that names an artifact. */
export const ofArtifact = {
  params: ofRepository.params.extend({
    reference: z.string().openapi({ description: 'A tag or a digest' }),
  }),
  headers: ofRepository.headers,
} as const

/** What clients want to be told with an artifact; what nothing is known of is taken and says nothing. */
export const withQuery = {
  with_tag: flag(true),
  with_label: flag(false),
  with_accessory: flag(false),
  with_signature: flag(false),
  with_scan_overview: flag(false),
  with_sbom_overview: flag(false),
  with_immutable_status: flag(false),
} as const

/**
 * The artifact that a request is about, behind a rule about its project.
 * @throws DomainError NOT_FOUND; RegistryError for what is neither a tag nor a digest
 */
export const artifactOf = async (
  c: ApiContext,
): Promise<{ readonly repository: ListedRepository; readonly entry: ArtifactEntry }> => {
  const reference = parseReference(c.req.param('reference') ?? '')
  const repository = await repositoryOf(c)
  const entry = await findArtifact(c.get('deps').store, repository, reference)
  return { repository, entry }
}
