import { z } from '@hono/zod-openapi'
import { fullName } from '../../../../shared/oci/name.ts'
import { readDetails } from '../../../../shared/projects/details.ts'
import { searchProjects, searchRepositories } from '../../../../shared/search/search.ts'
import { principalOf } from '../../access.ts'
import type { Api } from '../../factory.ts'
import { errors, json } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import { projectJson, toProjectJson } from '../projects/project-json.ts'

const MAX_CHARACTERS = 255

const searchRepository = z
  .object({
    project_id: z.int(),
    project_name: z.string(),
    project_public: z.boolean(),
    repository_name: z.string(),
    artifact_count: z.int(),
  })
  .openapi('SearchRepository')
const search = z
  .object({ project: z.array(projectJson), repository: z.array(searchRepository) })
  .openapi('Search')

/** What has a text in its name. */
export const addSearch = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: '/search',
      operationId: 'search',
      summary: 'Projects and repositories with a text in their names, the first fifty of each',
      tags: ['search'],
      request: { query: z.object({ q: z.string().max(MAX_CHARACTERS) }) },
      responses: { 200: json(search, 'What the caller may see of it'), ...errors(401, 422) },
    },
    { handler: 'anonymous callers find what is public' },
    async (c) => {
      const { store } = c.get('deps')
      const { q } = c.req.valid('query')
      const principal = await principalOf(c)
      const [projects, repositories] = await Promise.all([
        searchProjects(store, principal, q),
        searchRepositories(store, principal, q),
      ])
      const pids = projects.map(({ pid }) => pid)
      const detailsOf = await readDetails(store, principal, pids)
      return c.json(
        {
          project: projects.map((one) => toProjectJson(principal, one, detailsOf(one.pid))),
          repository: repositories.map(({ project, name, artifacts }) => ({
            project_id: project.number,
            project_name: project.name,
            project_public: project.isPublic,
            repository_name: fullName(name),
            artifact_count: artifacts,
          })),
        },
        200,
      )
    },
  )
}
