import { z } from '@hono/zod-openapi'
import { mayInProject } from '../../../../shared/auth/access.ts'
import { parseReference, parseTag } from '../../../../shared/oci/reference.ts'
import { nameIn } from '../../../../shared/repositories/find.ts'
import type { TrashEntry } from '../../../../shared/trash/items.ts'
import { listTrash } from '../../../../shared/trash/list.ts'
import { undelete } from '../../../../shared/trash/undelete.ts'
import { denied, principalOf, projectOf } from '../../access.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { pagingOf, pagingQuery, setPageHeaders } from '../../http/paging.ts'
import { errors, json, jsonBody, jsonPage, ofRepository } from '../../http/schemas.ts'
import { iso } from '../../http/time.ts'
import { registryOf, repositoryPathOf } from '../../registry.ts'
import { route } from '../../route.ts'
import { ARTIFACT, ofArtifact, REPOSITORY } from './artifact-request.ts'

const tags = ['artifact']

const trashEntry = z
  .object({
    kind: z.enum(['artifact', 'tag']),
    tag: z.string().optional(),
    digest: z.string(),
    manifest_media_type: z.string().optional(),
    artifact_type: z.string().optional(),
    size: z.int().optional(),
    deletion_time: z.string(),
    kept_until: z.string(),
  })
  .openapi('TrashEntry')

const undeletion = z
  .object({ tags: z.array(z.string()).optional() })
  .openapi('Undeletion', { description: 'Tags that are to lead to it again' })

const undeleted = z
  .object({ digest: z.string(), tags: z.array(z.string()), restored: z.array(z.string()) })
  .openapi('Undeleted')

/** What was deleted from a repository, and the way back. Both are for who may delete there; the way back is a push, too. */
export const addTrash = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: `${REPOSITORY}/trash`,
      operationId: 'listTrash',
      summary: 'What was deleted from a repository and can be brought back, the last first',
      description:
        'Artifacts and tags; of repositories, too, that had the name before and were deleted',
      tags,
      request: { ...ofRepository, query: z.object(pagingQuery) },
      responses: {
        200: jsonPage(trashEntry, 'What is in the trash'),
        ...errors(400, 401, 403, 404, 422),
      },
    },
    { project: 'artifact:delete' },
    async (c) => {
      const { pid, name } = targetOf(c)
      const paging = pagingOf(c.req.valid('query'))
      const { entries, total } = await listTrash(c.get('deps').store, pid, name, {
        ...{ limit: paging.pageSize, skip: paging.offset },
      })
      setPageHeaders(c, paging, total)
      return c.json(entries.map(toEntryJson), 200)
    },
  )

  route(
    api,
    {
      method: 'post',
      path: `${ARTIFACT}/undelete`,
      operationId: 'undeleteArtifact',
      summary: 'Bring back an artifact that was deleted',
      description: [
        'With its layers, and the parts of an index. By a digest, or by a tag: then what that led to when it was',
        'deleted, with the tag. A tag that leads elsewhere by now is not moved (409); nothing comes back that does not',
        'fit into the quota (403), or not as a whole any more (412).',
      ].join(' '),
      tags,
      request: { ...ofArtifact, body: jsonBody(undeletion) },
      responses: {
        200: json(undeleted, 'It is there; what was not there before is in `restored`'),
        ...errors(400, 401, 403, 404, 409, 412, 413, 415, 422),
      },
    },
    { project: 'artifact:delete' },
    async (c) => {
      await requirePush(c)
      const { reference } = c.req.valid('param')
      const { tags: given = [] } = c.req.valid('json')
      const done = await undelete(await registryOf(c), {
        ...{ ...targetOf(c), reference: parseReference(reference), tags: given.map(parseTag) },
      })
      return c.json(
        { digest: done.digest, tags: [...done.tags], restored: [...done.restored] },
        200,
      )
    },
  )
}

/** The repository of the path, which need not be there any more. */
const targetOf = (c: ApiContext) => {
  const { project } = projectOf(c)
  return { pid: project.pid, name: nameIn(project, repositoryPathOf(c)) }
}

/** @throws DomainError UNAUTHORIZED, FORBIDDEN */
const requirePush = async (c: ApiContext): Promise<void> => {
  const principal = await principalOf(c)
  const { facts } = projectOf(c)
  if (!mayInProject(principal, 'repository:push', facts, repositoryPathOf(c)))
    throw denied(principal)
}

const toEntryJson = ({
  artifactType,
  deletedAt,
  digest,
  mediaType,
  sizeBytes,
  tag,
  until,
}: TrashEntry): z.output<typeof trashEntry> => ({
  ...(tag === undefined ? { kind: 'artifact' } : { kind: 'tag', tag }),
  digest,
  ...(mediaType !== undefined && { manifest_media_type: mediaType }),
  ...(artifactType !== undefined && { artifact_type: artifactType }),
  ...(sizeBytes !== undefined && { size: sizeBytes }),
  deletion_time: iso(deletedAt),
  kept_until: iso(until),
})
