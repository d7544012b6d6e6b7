import { z } from '@hono/zod-openapi'
import { mayInProject, mayInSystem } from '../../../../shared/auth/access.ts'
import { DomainError } from '../../../../shared/errors.ts'
import { changeLabel, deleteLabel } from '../../../../shared/labels/change.ts'
import { createLabel } from '../../../../shared/labels/create.ts'
import { listLabels, readLabel, walkLabels } from '../../../../shared/labels/find.ts'
import { SYSTEM_HOME, type Label, type LabelHome } from '../../../../shared/labels/label.ts'
import { denied, principalOf } from '../../access.ts'
import { auditedStore } from '../../audit.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { created, createdResponse } from '../../http/created.ts'
import { listQuery, listRequestOf } from '../../http/listing.ts'
import { setPageHeaders } from '../../http/paging.ts'
import type { Fields } from '../../http/query-match.ts'
import { fieldKey, type Condition } from '../../http/query.ts'
import { errors, idInPath, json, jsonBody, jsonPage } from '../../http/schemas.ts'
import { walkedPage } from '../../http/walked.ts'
import { route } from '../../route.ts'
import { labelJson, toLabelJson } from './label-json.ts'

const tags = ['label']
const HANDLER = 'labels of the registry and of projects ask for different rights'

const text = z.string().nullish()
const labelRequest = z
  .object({
    name: text,
    description: text,
    color: text,
    scope: text,
    project_id: z.int().nullish(),
  })
  .openapi('LabelReq')
const labelsQuery = listQuery.extend({
  name: z.string().optional().openapi({ description: 'Labels whose names contain this' }),
  scope: z.string().optional().openapi({ description: 'g: of the registry; p: of a project' }),
  project_id: z.string().optional().openapi({ description: 'Which project; for scope p' }),
})
const ofLabel = { params: z.object({ label_id: idInPath }) } as const

const FIELDS: Fields<Label> = {
  id: ({ number }) => number,
  name: ({ name }) => name,
  description: ({ description }) => description,
  color: ({ color }) => color,
  creation_time: ({ createdAt }) => new Date(createdAt),
  update_time: ({ updatedAt }) => new Date(updatedAt),
}
const NAME = fieldKey('name')

/** Labels, of the registry and of projects. */
export const addLabels = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: '/labels',
      operationId: 'ListLabels',
      summary: 'The labels of a scope, by name',
      tags,
      request: { query: labelsQuery },
      responses: { 200: jsonPage(labelJson, 'The labels'), ...errors(400, 401, 403, 404, 422) },
    },
    { handler: HANDLER },
    async (c) => c.json((await pageOfLabels(c, c.req.valid('query'))).map(toLabelJson), 200),
  )

  route(
    api,
    {
      method: 'post',
      path: '/labels',
      operationId: 'CreateLabel',
      summary: 'Make a label',
      tags,
      request: { body: jsonBody(labelRequest) },
      responses: { ...createdResponse, ...errors(400, 401, 403, 404, 409, 413, 415, 422) },
    },
    { handler: HANDLER },
    async (c) => {
      const { name, description, color, scope, project_id: id } = c.req.valid('json')
      const home = await homeOf(c, scope ?? 'g', id ?? 0, 'create')
      const given = { name: name ?? '', description: description ?? '', color: color ?? '' }
      const store = await auditedStore(c, eventOf('create', given.name, home))
      const { number } = await createLabel(store, home, given)
      return created(c, { id: number, name: given.name })
    },
  )

  route(
    api,
    {
      method: 'get',
      path: '/labels/{label_id}',
      operationId: 'GetLabelByID',
      summary: 'A label',
      tags,
      request: ofLabel,
      responses: { 200: json(labelJson, 'The label'), ...errors(401, 403, 404, 422) },
    },
    { handler: HANDLER },
    async (c) => c.json(toLabelJson(await labelFor(c, c.req.valid('param').label_id, 'read')), 200),
  )

  route(
    api,
    {
      method: 'put',
      path: '/labels/{label_id}',
      operationId: 'UpdateLabel',
      summary: 'Change the name, the description or the color of a label',
      tags,
      request: { ...ofLabel, body: jsonBody(labelRequest) },
      responses: {
        200: { description: 'Changed' },
        ...errors(400, 401, 403, 404, 409, 413, 415, 422),
      },
    },
    { handler: HANDLER },
    async (c) => {
      const label = await labelFor(c, c.req.valid('param').label_id, 'update')
      const { name, description, color } = c.req.valid('json')
      const store = await auditedStore(c, eventOf('update', label.name, label))
      await changeLabel(store, label.number, {
        ...(name === null || name === undefined ? {} : { name }),
        ...(description === null || description === undefined ? {} : { description }),
        ...(color === null || color === undefined ? {} : { color }),
      })
      return c.body(null, 200)
    },
  )

  route(
    api,
    {
      method: 'delete',
      path: '/labels/{label_id}',
      operationId: 'DeleteLabel',
      summary: 'Delete a label, from all artifacts that have it',
      tags,
      request: ofLabel,
      responses: { 200: { description: 'Deleted' }, ...errors(401, 403, 404, 422) },
    },
    { handler: HANDLER },
    async (c) => {
      const label = await labelFor(c, c.req.valid('param').label_id, 'delete')
      await deleteLabel(await auditedStore(c, eventOf('delete', label.name, label)), label.number)
      return c.body(null, 200)
    },
  )
}

type Action = 'create' | 'read' | 'update' | 'delete' | 'list'

const eventOf = (operation: 'create' | 'update' | 'delete', name: string, { scope }: LabelHome) =>
  ({
    operation,
    resourceType: 'label',
    resource: name,
    pid: scope === 'system' ? undefined : scope,
  }) as const

/**
 * Where a label is, or is to be, for somebody who may do this there.
 * @throws DomainError BAD_REQUEST, UNAUTHORIZED, FORBIDDEN
 */
const homeOf = async (
  c: ApiContext,
  scope: string,
  projectNumber: number,
  action: Action,
): Promise<LabelHome> => {
  if (scope === 'g') {
    await requireInSystem(c, action)
    return SYSTEM_HOME
  }
  if (scope !== 'p') throw new DomainError('BAD_REQUEST', 'scope is g or p')
  if (projectNumber <= 0) throw new DomainError('BAD_REQUEST', 'scope p goes with a project_id')
  const principal = await principalOf(c)
  const found = await c.get('deps').resolveProject(principal, String(projectNumber), false)
  if (found === undefined || !mayInProject(principal, `label:${action}`, found.facts)) {
    throw denied(principal)
  }
  return { scope: found.project.pid, projectNumber }
}

/** Labels of the registry are for everybody with an account to see and use. */
const requireInSystem = async (c: ApiContext, action: Action): Promise<void> => {
  const principal = await principalOf(c)
  const isAllowed =
    action === 'read' || action === 'list'
      ? principal.kind !== 'anonymous'
      : mayInSystem(principal, `label:${action}`)
  if (!isAllowed) throw denied(principal)
}

/** A label for somebody who may do this to it; who may not sees no difference to one that does not exist in a project. */
const labelFor = async (c: ApiContext, number: number, action: Action): Promise<Label> => {
  const principal = await principalOf(c)
  if (principal.kind === 'anonymous') throw denied(principal)
  const label = await readLabel(c.get('deps').store, number)
  await homeOf(c, label.scope === 'system' ? 'g' : 'p', label.projectNumber, action)
  return label
}

const DIGITS = /^[0-9]{1,10}$/

const pageOfLabels = async (
  c: ApiContext,
  { name = '', scope = '', project_id: id = '', ...given }: z.output<typeof labelsQuery>,
): Promise<readonly Label[]> => {
  const { store } = c.get('deps')
  const request = listRequestOf(given)
  const home = await homeOf(c, scope === '' ? 'g' : scope, DIGITS.test(id) ? Number(id) : 0, 'list')
  const query = new Map<string, Condition>(request.query)
  if (name !== '') query.set(NAME, { kind: 'fuzzy', value: name })
  if (query.size > 0 || request.sort.length > 0) {
    return await walkedPage(c, walkLabels(store, home.scope), { ...request, query }, FIELDS)
  }
  const { offset, pageSize } = request.paging
  const { entries, total } = await listLabels(store, home.scope, { limit: pageSize, skip: offset })
  setPageHeaders(c, request.paging, total)
  return entries
}
