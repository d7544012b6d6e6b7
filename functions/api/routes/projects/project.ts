import { z } from '@hono/zod-openapi'
import { DomainError } from '../../../../shared/errors.ts'
import { deleteProject } from '../../../../shared/projects/delete.ts'
import { readDetails } from '../../../../shared/projects/details.ts'
import { readRepositoryCounts } from '../../../../shared/projects/find.ts'
import { updateProject } from '../../../../shared/projects/update.ts'
import { principalOf, projectOf } from '../../access.ts'
import { auditedStore } from '../../audit.ts'
import type { Api } from '../../factory.ts'
import { errors, json, jsonBody, ofProject } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import { projectJson, toProjectJson } from './project-json.ts'
import { projectRequest, toProjectChange } from './project-request.ts'
import { projectSummary, toSummaryJson } from './project-summary.ts'

const PATH = '/projects/{project_name_or_id}'
const tags = ['project']

const updated = { operation: 'update', resourceType: 'project' } as const
/** In the log of the registry alone: nobody can read that of the project any more. */
const deleted = { operation: 'delete', resourceType: 'project' } as const

const deletable = z
  .object({ deletable: z.boolean(), message: z.string().optional() })
  .openapi('ProjectDeletable')

/** One project. */
export const addProject = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: PATH,
      operationId: 'getProject',
      summary: 'A project',
      tags,
      request: ofProject,
      responses: { 200: json(projectJson, 'The project'), ...errors(401, 403, 404) },
    },
    { project: 'project:read' },
    async (c) => {
      const principal = await principalOf(c)
      const { project } = projectOf(c)
      const detailsOf = await readDetails(c.get('deps').store, principal, [project.pid])
      return c.json(toProjectJson(principal, project, detailsOf(project.pid)), 200)
    },
  )

  route(
    api,
    {
      method: 'put',
      path: PATH,
      operationId: 'updateProject',
      summary: 'Change what is named: the metadata and the CVE allowlist',
      tags,
      request: { ...ofProject, body: jsonBody(projectRequest) },
      responses: {
        200: { description: 'Changed' },
        ...errors(400, 401, 403, 404, 413, 415, 422),
      },
    },
    { project: 'project:update' },
    async (c) => {
      const { project } = projectOf(c)
      const body = c.req.valid('json')
      if (![project.name, '', undefined, null].includes(body.project_name)) {
        throw new DomainError('BAD_REQUEST', 'a project keeps its name')
      }
      const { name, pid } = project
      const store = await auditedStore(c, { ...updated, resource: name, pid })
      await updateProject(store, pid, toProjectChange(body))
      return c.body(null, 200)
    },
  )

  route(
    api,
    {
      method: 'delete',
      path: PATH,
      operationId: 'deleteProject',
      summary: 'Delete a project that has no repository',
      tags,
      request: ofProject,
      responses: { 200: { description: 'Deleted' }, ...errors(401, 403, 404, 412) },
    },
    { project: 'project:delete' },
    async (c) => {
      const { name, pid } = projectOf(c).project
      await deleteProject(await auditedStore(c, { ...deleted, resource: name }), pid)
      return c.body(null, 200)
    },
  )

  route(
    api,
    {
      method: 'get',
      path: `${PATH}/_deletable`,
      operationId: 'getProjectDeletable',
      summary: 'Whether a project can be deleted',
      tags,
      request: ofProject,
      responses: { 200: json(deletable, 'Whether, and why not'), ...errors(401, 403, 404) },
    },
    { project: 'project:delete' },
    async (c) => {
      const { pid, name } = projectOf(c).project
      const counts = await readRepositoryCounts(c.get('deps').store, [pid])
      const isEmpty = (counts.get(pid) ?? 0) === 0
      const message = `the project ${name} has repositories`
      return c.json(isEmpty ? { deletable: true } : { deletable: false, message }, 200)
    },
  )

  route(
    api,
    {
      method: 'get',
      path: `${PATH}/summary`,
      operationId: 'getProjectSummary',
      summary: 'What a project comes to, as far as the caller may know',
      tags,
      request: ofProject,
      responses: { 200: json(projectSummary, 'The sums'), ...errors(401, 403, 404) },
    },
    { project: 'project:read' },
    async (c) => {
      const principal = await principalOf(c)
      return c.json(await toSummaryJson(c.get('deps').store, principal, projectOf(c).facts), 200)
    },
  )
}
