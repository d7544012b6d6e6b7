import { z } from '@hono/zod-openapi'
import { copyArtifact } from '../../../../shared/artifacts/copy.ts'
import { findArtifact } from '../../../../shared/artifacts/find.ts'
import { readTagNames } from '../../../../shared/artifacts/tags.ts'
import { mayInEveryProject, mayInProject } from '../../../../shared/auth/access.ts'
import { DomainError } from '../../../../shared/errors.ts'
import { parseRepositoryName } from '../../../../shared/oci/name.ts'
import { parseReference, type Reference } from '../../../../shared/oci/reference.ts'
import { nameIn, readListed } from '../../../../shared/repositories/find.ts'
import type { ListedRepository } from '../../../../shared/repositories/items.ts'
import { denied, principalOf, projectOf } from '../../access.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { errors, ofRepository } from '../../http/schemas.ts'
import { registryOf, repositoryPathOf } from '../../registry.ts'
import { route } from '../../route.ts'
import { hrefOf } from './artifact-json.ts'
import { ARTIFACTS } from './artifact-request.ts'

const MAX_FROM_CHARACTERS = 512

const copyQuery = z.object({
  from: z.string().max(MAX_FROM_CHARACTERS).openapi({
    description: 'project/repository:tag or project/repository@digest',
  }),
})

/** Copies of artifacts between repositories. */
export const addArtifactCopy = (api: Api): void => {
  route(
    api,
    {
      method: 'post',
      path: ARTIFACTS,
      operationId: 'CopyArtifact',
      summary: 'Copy an artifact into the repository, which is made if need be',
      description: 'By a tag, with that tag; by a digest, with all tags of the artifact.',
      tags: ['artifact'],
      request: { ...ofRepository, query: copyQuery },
      responses: {
        201: { description: 'Copied; Location says where' },
        ...errors(400, 401, 403, 404, 422),
      },
    },
    { project: 'artifact:create' },
    async (c) => {
      const context = await registryOf(c)
      const { name, reference } = parseFrom(c.req.valid('query').from)
      const source = await sourceFor(c, name)
      const { digest } = await findArtifact(context.store, source, reference)
      const tags =
        reference.kind === 'tag'
          ? [reference.tag]
          : await readTagNames(context.store, source.rid, digest)
      const to = nameIn(projectOf(c).project, repositoryPathOf(c))
      await copyArtifact(context, source, digest, to, tags)
      return c.body(null, 201, { Location: hrefOf(to, digest) })
    },
  )
}

type Name = ReturnType<typeof parseRepositoryName>

/**
 * The repository that the caller copies from, if it may pull there: who may not sees no difference to none.
 * @throws DomainError UNAUTHORIZED, FORBIDDEN, NOT_FOUND
 */
const sourceFor = async (c: ApiContext, { project, path }: Name): Promise<ListedRepository> => {
  const { resolveProject, store } = c.get('deps')
  const principal = await principalOf(c)
  const found = await resolveProject(principal, project, true)
  if (found === undefined && mayInEveryProject(principal, 'repository:pull')) {
    throw new DomainError('NOT_FOUND', `project ${project} not found`)
  }
  if (found === undefined || !mayInProject(principal, 'repository:pull', found.facts, path)) {
    throw denied(principal)
  }
  return await readListed(store, found.project, path)
}

const parseFrom = (from: string): { readonly name: Name; readonly reference: Reference } => {
  const at = from.includes('@') ? from.indexOf('@') : from.indexOf(':')
  if (at < 0 || !from.slice(0, at).includes('/')) {
    throw new DomainError('BAD_REQUEST', 'from is project/repository:tag or ...@digest')
  }
  return {
    name: parseRepositoryName(from.slice(0, at)),
    reference: parseReference(from.slice(at + 1)),
  }
}
