import { z } from '@hono/zod-openapi'
import { readProject } from '../../../../shared/projects/find.ts'
import { NO_LIMIT } from '../../../../shared/quota/items.ts'
import { setStorageLimit } from '../../../../shared/quota/limit.ts'
import {
  findProjectQuota,
  listQuotas,
  readProjectQuota,
  walkQuotas,
  type ProjectQuota,
} from '../../../../shared/projects/quotas.ts'
import type { Store } from '../../../../shared/store/store.ts'
import { auditedStore } from '../../audit.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { listPage, listQuery, listRequestOf } from '../../http/listing.ts'
import { setPageHeaders } from '../../http/paging.ts'
import type { Fields } from '../../http/query-match.ts'
import { errors, idInPath, json, jsonBody, jsonPage } from '../../http/schemas.ts'
import { iso } from '../../http/time.ts'
import { walkedPage } from '../../http/walked.ts'
import { route } from '../../route.ts'

const tags = ['quota']
const PROJECT = 'project'

const resources = z.object({ storage: z.int() }).openapi('ResourceList')
const quotaJson = z
  .object({
    id: z.int(),
    ref: z.object({ id: z.int(), name: z.string(), owner_name: z.string() }),
    hard: resources,
    used: resources,
    creation_time: z.string(),
    update_time: z.string(),
  })
  .openapi('Quota')
const quotaRequest = z
  .object({ hard: z.strictObject({ storage: z.int() }) })
  .openapi('QuotaUpdateReq')

const updated = { operation: 'update', resourceType: 'quota' } as const

const quotasQuery = listQuery.extend({
  reference: z.string().optional().openapi({ description: 'Of what: only projects have quotas' }),
  reference_id: z.string().optional().openapi({ description: 'The id of the project' }),
})
const ofQuota = { params: z.object({ id: idInPath }) } as const

const FIELDS: Fields<ProjectQuota> = {
  id: ({ project }) => project.number,
  reference_id: ({ project }) => project.number,
  'ref.name': ({ project }) => project.name,
  'hard.storage': ({ quota }) => quota.limitBytes,
  'used.storage': ({ quota }) => quota.usedBytes,
  creation_time: ({ project }) => new Date(project.createdAt),
}

/** What projects may store, and what they do. A quota has the id of its project. */
export const addQuotas = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: '/quotas',
      operationId: 'listQuotas',
      summary: 'The quotas of all projects, by the names of these',
      tags,
      request: { query: quotasQuery },
      responses: { 200: jsonPage(quotaJson, 'The quotas'), ...errors(400, 401, 403, 422) },
    },
    { system: 'quota:list' },
    async (c) => c.json((await pageOfQuotas(c, c.req.valid('query'))).map(toQuotaJson), 200),
  )

  route(
    api,
    {
      method: 'get',
      path: '/quotas/{id}',
      operationId: 'getQuota',
      summary: 'The quota of a project',
      tags,
      request: ofQuota,
      responses: { 200: json(quotaJson, 'The quota'), ...errors(401, 403, 404, 422) },
    },
    { system: 'quota:read' },
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json(toQuotaJson(await readProjectQuota(c.get('deps').store, id)), 200)
    },
  )

  route(
    api,
    {
      method: 'put',
      path: '/quotas/{id}',
      operationId: 'updateQuota',
      summary: 'Set what a project may store; -1: as much as it likes',
      tags,
      request: { ...ofQuota, body: jsonBody(quotaRequest) },
      responses: { 200: { description: 'Set' }, ...errors(400, 401, 403, 404, 413, 415, 422) },
    },
    { system: 'quota:update' },
    async (c) => {
      const { store } = c.get('deps')
      const { storage } = c.req.valid('json').hard
      const { pid, name } = await readProject(store, { number: c.req.valid('param').id })
      const description = storage === NO_LIMIT ? 'no limit' : `${storage} bytes`
      const event = { ...updated, resource: name, pid, description }
      await setStorageLimit(await auditedStore(c, event), pid, storage)
      return c.body(null, 200)
    },
  )
}

const toQuotaJson = ({ project, quota }: ProjectQuota): z.output<typeof quotaJson> => ({
  id: project.number,
  ref: { id: project.number, name: project.name, owner_name: project.owner?.name ?? '' },
  hard: { storage: quota.limitBytes },
  used: { storage: quota.usedBytes },
  creation_time: iso(project.createdAt),
  update_time: iso(quota.updatedAt ?? project.createdAt),
})

const NUMBER = /^[0-9]{1,10}$/

const pageOfQuotas = async (
  c: ApiContext,
  { reference = '', reference_id: id = '', ...query }: z.output<typeof quotasQuery>,
): Promise<readonly ProjectQuota[]> => {
  const { store } = c.get('deps')
  const request = listRequestOf(query)
  if (reference !== '' && reference !== PROJECT) return listPage(c, [], request, FIELDS)
  if (id !== '') return listPage(c, await quotasOf(store, id), request, FIELDS)
  if (request.query.size > 0 || request.sort.length > 0) {
    return await walkedPage(c, walkQuotas(store), request, FIELDS)
  }
  const { offset, pageSize } = request.paging
  const { entries, total } = await listQuotas(store, { limit: pageSize, skip: offset })
  setPageHeaders(c, request.paging, total)
  return entries
}

/** The one of a project, or none. */
const quotasOf = async (store: Store, id: string): Promise<readonly ProjectQuota[]> => {
  const found = NUMBER.test(id) ? await findProjectQuota(store, Number(id)) : undefined
  return found === undefined ? [] : [found]
}
