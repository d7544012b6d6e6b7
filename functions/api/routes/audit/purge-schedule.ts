import type { AuditEvent, Operation } from '../../../../shared/audit/entry.ts'
import { startRun } from '../../../../shared/schedules/runs.ts'
import { readSchedule, removeSchedule, setSchedule } from '../../../../shared/schedules/schedule.ts'
import { auditedStore } from '../../audit.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { created, createdResponse } from '../../http/created.ts'
import { errors, json, jsonBody } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import { described, execHistory, scheduleRequest, shownSchedule, wantedOf } from './purge-json.ts'

export const PURGE_PATH = '/system/purgeaudit'
export const PURGE_TAGS = ['purge']
const PATH = `${PURGE_PATH}/schedule`
const REFUSED = errors(400, 401, 403, 409, 413, 415, 422)

/** When the audit log is purged: by a schedule, or now. */
export const addPurgeSchedule = (api: Api): void => {
  route(
    api,
    {
      ...{ method: 'get', path: PATH, operationId: 'getPurgeSchedule', tags: PURGE_TAGS },
      summary: 'When the audit log is purged; type None: never',
      responses: { 200: json(execHistory, 'The schedule'), ...errors(401, 403) },
    },
    { system: 'purge-audit:read' },
    async (c) => {
      const schedule = await readSchedule(c.get('deps').store, 'auditPurge')
      return c.json(shownSchedule(schedule), 200)
    },
  )

  route(
    api,
    {
      ...{ method: 'post', path: PATH, operationId: 'createPurgeSchedule', tags: PURGE_TAGS },
      summary: 'Purge the audit log now (type Manual), or by a schedule',
      request: { body: jsonBody(scheduleRequest) },
      responses: { ...createdResponse, ...REFUSED },
    },
    { system: 'purge-audit:create' },
    async (c) => {
      const run = await apply(c, 'create', c.req.valid('json'))
      const path = new URL(c.req.url).pathname.replace(/\/schedule$/, '')
      return created(c, { id: run ?? 'schedule', under: path })
    },
  )

  route(
    api,
    {
      ...{ method: 'put', path: PATH, operationId: 'updatePurgeSchedule', tags: PURGE_TAGS },
      summary: 'Change when the audit log is purged; type None: never, Manual: now',
      request: { body: jsonBody(scheduleRequest) },
      responses: { 200: { description: 'Changed' }, ...REFUSED },
    },
    { system: 'purge-audit:update' },
    async (c) => {
      await apply(c, 'update', c.req.valid('json'))
      return c.body(null, 200)
    },
  )
}

/** Answers the number of the run, if one was started. */
const apply = async (
  c: ApiContext,
  operation: Operation,
  request: Parameters<typeof wantedOf>[0],
): Promise<number | undefined> => {
  const wanted = wantedOf(request)
  const description = described(request)
  const what = { operation, resourceType: 'audit', description } as const
  const of = async (event: AuditEvent) => await auditedStore(c, event)
  if (wanted.kind === 'run') {
    const store = await of({ ...what, operation: 'delete', resource: 'old entries' })
    const { number } = await startRun(store, 'auditPurge', wanted.parameters)
    await c.get('deps').jobWaits?.('auditPurge')
    return number
  }
  const store = await of({ ...what, resource: 'purge schedule' })
  if (wanted.kind === 'none') await removeSchedule(store, 'auditPurge')
  else await setSchedule(store, 'auditPurge', wanted.schedule)
  return undefined
}
