import { z } from '@hono/zod-openapi'
import { isAdministrator } from '../../../../shared/auth/access.ts'
import { fullName } from '../../../../shared/oci/name.ts'
import { deleteRepository } from '../../../../shared/repositories/delete.ts'
import type { Repository } from '../../../../shared/repositories/describe.ts'
import { readRepository } from '../../../../shared/repositories/find.ts'
import {
  listEveryRepository,
  listRepositories,
  walkRepositories,
  walkVisibleRepositories,
} from '../../../../shared/repositories/list.ts'
import { describeRepository } from '../../../../shared/repositories/update.ts'
import type { Listing, Paging } from '../../../../shared/store/page.ts'
import { principalOf, projectOf } from '../../access.ts'
import { auditedStore } from '../../audit.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { listQuery, listRequestOf } from '../../http/listing.ts'
import { setPageHeaders } from '../../http/paging.ts'
import type { Fields } from '../../http/query-match.ts'
import { fieldKey } from '../../http/query.ts'
import { errors, json, jsonBody, jsonPage, ofProject, ofRepository } from '../../http/schemas.ts'
import { iso } from '../../http/time.ts'
import { walkedPage } from '../../http/walked.ts'
import { registryOf, repositoryOf, repositoryPathOf } from '../../registry.ts'
import { route } from '../../route.ts'

const PATH = '/projects/{project_name_or_id}/repositories/{repository_name}'
const tags = ['repository']

const repositoryJson = z
  .object({
    id: z.int(),
    project_id: z.int(),
    name: z.string().openapi({ description: 'With its project' }),
    description: z.string(),
    artifact_count: z.int(),
    pull_count: z.int(),
    creation_time: z.string(),
    update_time: z.string(),
  })
  .openapi('Repository')
const repositoryRequest = z.object({ description: z.string().nullish() }).openapi('RepositoryReq')

const FIELDS: Fields<Repository> = {
  id: ({ number }) => number,
  repository_id: ({ number }) => number,
  project_id: ({ project }) => project.number,
  name: ({ name }) => fullName(name),
  description: ({ description }) => description,
  artifact_count: ({ artifacts }) => artifacts,
  pull_count: ({ pulls }) => pulls,
  creation_time: ({ createdAt }) => new Date(createdAt),
  update_time: ({ updatedAt }) => new Date(updatedAt),
}
const NAME = fieldKey('name')

/** Repositories, of all projects and of one. */
export const addRepositories = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: '/repositories',
      operationId: 'listAllRepositories',
      summary: 'The repositories that the caller may see, by name',
      tags,
      request: { query: listQuery },
      responses: { 200: jsonPage(repositoryJson, 'The repositories'), ...errors(400, 401, 422) },
    },
    { handler: 'anonymous callers see what is public' },
    async (c) => {
      const { store } = c.get('deps')
      const principal = await principalOf(c)
      const page = await pageOfRepositories(c, c.req.valid('query'), {
        page: isAdministrator(principal)
          ? async (paging) => await listEveryRepository(store, paging)
          : undefined,
        walk: () => walkVisibleRepositories(store, principal),
      })
      return c.json(page.map(toRepositoryJson), 200)
    },
  )

  route(
    api,
    {
      method: 'get',
      path: '/projects/{project_name_or_id}/repositories',
      operationId: 'listRepositories',
      summary: 'The repositories of a project, by name',
      tags,
      request: { ...ofProject, query: listQuery },
      responses: {
        200: jsonPage(repositoryJson, 'The repositories'),
        ...errors(400, 401, 403, 404, 422),
      },
    },
    { project: 'repository:list' },
    async (c) => {
      const { store } = c.get('deps')
      const { project } = projectOf(c)
      const page = await pageOfRepositories(c, c.req.valid('query'), {
        page: async (paging) => await listRepositories(store, project, paging),
        walk: () => walkRepositories(store, project),
      })
      return c.json(page.map(toRepositoryJson), 200)
    },
  )

  route(
    api,
    {
      method: 'get',
      path: PATH,
      operationId: 'getRepository',
      summary: 'A repository',
      tags,
      request: ofRepository,
      responses: { 200: json(repositoryJson, 'The repository'), ...errors(400, 401, 403, 404) },
    },
    { project: 'repository:read' },
    async (c) => {
      const { project } = projectOf(c)
      const found = await readRepository(c.get('deps').store, project, repositoryPathOf(c))
      return c.json(toRepositoryJson(found), 200)
    },
  )

  route(
    api,
    {
      method: 'put',
      path: PATH,
      operationId: 'updateRepository',
      summary: 'Set the description',
      tags,
      request: { ...ofRepository, body: jsonBody(repositoryRequest) },
      responses: { 200: { description: 'Set' }, ...errors(400, 401, 403, 404, 413, 415, 422) },
    },
    { project: 'repository:update' },
    async (c) => {
      const { description } = c.req.valid('json')
      const repository = await repositoryOf(c)
      const store = await auditedStore(c, {
        ...{ operation: 'update', resourceType: 'repository', pid: repository.pid },
        resource: fullName(repository.name),
      })
      await describeRepository(store, repository, description ?? '')
      return c.body(null, 200)
    },
  )

  route(
    api,
    {
      method: 'delete',
      path: PATH,
      operationId: 'deleteRepository',
      summary: 'Delete a repository with everything in it',
      tags,
      request: ofRepository,
      responses: { 200: { description: 'Deleted' }, ...errors(400, 401, 403, 404) },
    },
    { project: 'repository:delete' },
    async (c) => {
      await deleteRepository(await registryOf(c), await repositoryOf(c))
      return c.body(null, 200)
    },
  )
}

type Source = {
  /** By the key; absent: none serves. */
  readonly page: ((paging: Paging) => Promise<Listing<Repository>>) | undefined
  readonly walk: () => AsyncIterable<Repository>
}

const pageOfRepositories = async (
  c: ApiContext,
  query: z.output<typeof listQuery>,
  { page, walk }: Source,
): Promise<readonly Repository[]> => {
  const request = listRequestOf(query)
  const isByName = request.sort.every(({ key, isDescending }) => key === NAME && !isDescending)
  if (page === undefined || request.query.size > 0 || !isByName) {
    return await walkedPage(c, walk(), request, FIELDS)
  }
  const { offset, pageSize } = request.paging
  const { entries, total } = await page({ limit: pageSize, skip: offset })
  setPageHeaders(c, request.paging, total)
  return entries
}

const toRepositoryJson = (repository: Repository): z.output<typeof repositoryJson> => ({
  id: repository.number,
  project_id: repository.project.number,
  name: fullName(repository.name),
  description: repository.description,
  artifact_count: repository.artifacts,
  pull_count: repository.pulls,
  creation_time: iso(repository.createdAt),
  update_time: iso(repository.updatedAt),
})
