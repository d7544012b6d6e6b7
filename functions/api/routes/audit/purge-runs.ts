import { z } from '@hono/zod-openapi'
import { listRuns, readRun, stopRun, walkRuns } from '../../../../shared/schedules/runs.ts'
import type { Run } from '../../../../shared/schedules/items.ts'
import { auditedStore } from '../../audit.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { listQuery, listRequestOf } from '../../http/listing.ts'
import { setPageHeaders } from '../../http/paging.ts'
import { errors, idInPath, json, jsonPage } from '../../http/schemas.ts'
import { walkedPage } from '../../http/walked.ts'
import { route } from '../../route.ts'
import { execHistory, RUN_FIELDS, shownRun } from './purge-json.ts'
import { PURGE_PATH, PURGE_TAGS } from './purge-schedule.ts'

const ONE = `${PURGE_PATH}/{purge_id}`
const params = z.object({ purge_id: idInPath })

/** What purges of the audit log there were, and how they went. */
export const addPurgeRuns = (api: Api): void => {
  route(
    api,
    {
      ...{ method: 'get', path: PURGE_PATH, operationId: 'getPurgeHistory', tags: PURGE_TAGS },
      summary: 'The purges of the audit log, the newest first; the last 500 are kept',
      request: { query: listQuery },
      responses: { 200: jsonPage(execHistory, 'The runs'), ...errors(400, 401, 403, 422) },
    },
    { system: 'purge-audit:list' },
    async (c) => {
      const runs = await page(c, c.req.valid('query'))
      return c.json(runs.map(shownRun), 200)
    },
  )

  route(
    api,
    {
      ...{ method: 'get', path: ONE, operationId: 'getPurgeJob', tags: PURGE_TAGS },
      summary: 'A purge of the audit log',
      request: { params },
      responses: { 200: json(execHistory, 'The run'), ...errors(401, 403, 404, 422) },
    },
    { system: 'purge-audit:read' },
    async (c) => c.json(shownRun(await runOf(c, c.req.valid('param').purge_id)), 200),
  )

  route(
    api,
    {
      ...{ method: 'put', path: ONE, operationId: 'stopPurge', tags: PURGE_TAGS },
      summary: 'Stop a purge, which takes some seconds; what is purged by then is gone',
      request: { params },
      responses: { 200: { description: 'It stops, or is over' }, ...errors(401, 403, 404, 422) },
    },
    { system: 'purge-audit:stop' },
    async (c) => {
      const { purge_id: number } = c.req.valid('param')
      const event = { operation: 'update', resourceType: 'audit', description: 'stop' } as const
      const store = await auditedStore(c, { ...event, resource: `purge ${number}` })
      await stopRun(store, 'auditPurge', number)
      return c.body(null, 200)
    },
  )

  route(
    api,
    {
      ...{ method: 'get', path: `${ONE}/log`, operationId: 'getPurgeJobLog', tags: PURGE_TAGS },
      summary: 'What a purge of the audit log did, as far as it has come',
      request: { params },
      responses: {
        200: { description: 'Lines', content: { 'text/plain': { schema: z.string() } } },
        ...errors(401, 403, 404, 422),
      },
    },
    { system: 'purge-audit:read' },
    async (c) => c.text((await runOf(c, c.req.valid('param').purge_id)).log, 200),
  )
}

const runOf = async (c: ApiContext, number: number): Promise<Run> =>
  await readRun(c.get('deps').store, 'auditPurge', number)

const page = async (c: ApiContext, given: z.output<typeof listQuery>): Promise<readonly Run[]> => {
  const { store } = c.get('deps')
  const request = listRequestOf(given)
  if (request.query.size > 0 || request.sort.length > 0) {
    return await walkedPage(c, walkRuns(store, 'auditPurge'), request, RUN_FIELDS)
  }
  const { offset, pageSize } = request.paging
  const part = { limit: pageSize, skip: offset }
  const { entries, total } = await listRuns(store, 'auditPurge', part)
  setPageHeaders(c, request.paging, total)
  return entries
}
