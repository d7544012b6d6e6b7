import { z } from '@hono/zod-openapi'
import { DomainError } from '../../../../shared/errors.ts'
import { createProject, newProjectId } from '../../../../shared/projects/create.ts'
import { readDetails } from '../../../../shared/projects/details.ts'
import { findProject } from '../../../../shared/projects/find.ts'
import { mayCreateProjects, maySetLimits } from '../../../../shared/projects/may-create.ts'
import { parseProjectName, toProjectName } from '../../../../shared/projects/name.ts'
import { denied, principalOf } from '../../access.ts'
import { auditedStore } from '../../audit.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { created, createdResponse } from '../../http/created.ts'
import { ApiError } from '../../http/errors.ts'
import { errors, jsonBody, jsonPage } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import { projectJson, toProjectJson } from './project-json.ts'
import { projectRequest, toProjectChange } from './project-request.ts'
import { pageOfProjects, projectsQuery } from './projects-list.ts'

/** The projects as a whole. */
export const addProjects = (api: Api): void => {
  // Answered by the handler of GET, as every HEAD is.
  api.openAPIRegistry.registerPath({
    method: 'head',
    path: '/projects',
    operationId: 'headProject',
    summary: 'Whether there is a project of a name',
    tags: ['project'],
    request: { query: z.object({ project_name: z.string() }) },
    responses: { 200: { description: 'There is' }, ...errors(401, 404, 422) },
  })

  route(
    api,
    {
      method: 'get',
      path: '/projects',
      operationId: 'listProjects',
      summary: 'The projects that the caller may see, by name',
      tags: ['project'],
      request: { query: projectsQuery.extend({ project_name: z.string().optional() }) },
      responses: { 200: jsonPage(projectJson, 'The projects'), ...errors(400, 401, 422) },
    },
    { handler: 'anonymous callers are answered, but with public projects only' },
    async (c) => {
      const query = c.req.valid('query')
      if (c.req.method === 'HEAD') {
        await assertProject(c, query.project_name)
        return c.json([], 200)
      }
      const { store } = c.get('deps')
      const principal = await principalOf(c)
      const listed = await pageOfProjects(c, principal, query)
      const pids = listed.map(({ project }) => project.pid)
      const detailsOf = await readDetails(store, principal, pids)
      return c.json(
        listed.map(({ project }) =>
          toProjectJson(principal, project, detailsOf(project.pid), query.with_detail),
        ),
        200,
      )
    },
  )

  route(
    api,
    {
      method: 'post',
      path: '/projects',
      operationId: 'createProject',
      summary: 'Make a project; the caller becomes its administrator',
      tags: ['project'],
      request: { body: jsonBody(projectRequest.required({ project_name: true })) },
      responses: { ...createdResponse, ...errors(400, 401, 403, 409, 413, 415, 422) },
    },
    'authenticated',
    async (c) => {
      const { store } = c.get('deps')
      const principal = await principalOf(c)
      const body = c.req.valid('json')
      if (!(await mayCreateProjects(store, principal))) throw denied(principal)
      if ((body.registry_id ?? 0) !== 0) {
        throw new DomainError('BAD_REQUEST', 'no project can be a proxy cache yet: no registry_id')
      }
      const { isPublic, metadata, cveAllowlist } = toProjectChange(body)
      // Clients send a limit whoever asks, and 0 for none: Harbor passes over it.
      const isLimited = maySetLimits(principal) && (body.storage_limit ?? 0) !== 0
      const name = parseProjectName(body.project_name ?? '')
      const pid = newProjectId(store)
      const project = { operation: 'create', resourceType: 'project', resource: name, pid } as const
      const { number } = await createProject(await auditedStore(c, project), principal, {
        ...{ pid, name },
        isPublic,
        metadata,
        cveAllowlist,
        storageLimitBytes: isLimited ? (body.storage_limit ?? undefined) : undefined,
      })
      return created(c, { id: number, name })
    },
  )
}

/** Every user may ask: whether a name is taken shows when they make a project. */
const assertProject = async (c: ApiContext, text: string | undefined): Promise<void> => {
  const principal = await principalOf(c)
  if (principal.kind === 'anonymous') throw denied(principal)
  if (text === undefined) {
    throw new ApiError('UNPROCESSABLE_ENTITY', 'project_name in query is required')
  }
  const name = toProjectName(text)
  const found = name === undefined ? undefined : await findProject(c.get('deps').store, { name })
  if (found === undefined) throw new DomainError('NOT_FOUND', 'no such project')
}
