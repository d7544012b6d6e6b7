import { z } from '@hono/zod-openapi'
import type { AuditEvent, Operation } from '../../../../shared/audit/entry.ts'
import { startRun } from '../../../../shared/schedules/runs.ts'
import { readSchedule, removeSchedule, setSchedule } from '../../../../shared/schedules/schedule.ts'
import { auditedStore } from '../../audit.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { created, createdResponse } from '../../http/created.ts'
import { errors, json, jsonBody } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import {
  execHistory,
  scheduleObject,
  shownSchedule,
  wantedOf,
  type ScheduleRequest,
} from './job-json.ts'
import type { JobApi } from './job.ts'

const REFUSED = errors(400, 401, 403, 409, 413, 415, 422)

/** When a job runs: by a schedule, or now. */
export const addJobSchedule = (api: Api, job: JobApi): void => {
  const { many, one, operationIds, permission } = job
  const at = { path: `${job.path}/schedule`, tags: [job.tag] }
  const body = jsonBody(
    z
      .object({ schedule: scheduleObject, parameters: job.parameters.optional() })
      .openapi(`Schedule of ${many}`.replaceAll(' ', '')),
  )
  route(
    api,
    {
      ...{ ...at, method: 'get', operationId: operationIds.schedule },
      summary: `When ${many} begin; type None: never by themselves`,
      responses: { 200: json(execHistory, 'The schedule'), ...errors(401, 403) },
    },
    { system: `${permission}:read` },
    async (c) => {
      const schedule = await readSchedule(c.get('deps').store, job.job)
      return c.json(shownSchedule(job, schedule), 200)
    },
  )

  route(
    api,
    {
      ...{ ...at, method: 'post', operationId: operationIds.create },
      summary: `Begin ${one} now (type Manual), or by a schedule`,
      request: { body },
      responses: { ...createdResponse, ...REFUSED },
    },
    { system: `${permission}:create` },
    async (c) => {
      const run = await apply(c, job, 'create', c.req.valid('json'))
      const path = new URL(c.req.url).pathname.replace(/\/schedule$/, '')
      return created(c, { id: run ?? 'schedule', under: path })
    },
  )

  route(
    api,
    {
      ...{ ...at, method: 'put', operationId: operationIds.update },
      summary: `Change when ${many} begin; type None: never by themselves, Manual: now`,
      request: { body },
      responses: { 200: { description: 'Changed' }, ...REFUSED },
    },
    { system: `${permission}:update` },
    async (c) => {
      await apply(c, job, 'update', c.req.valid('json'))
      return c.body(null, 200)
    },
  )
}

/** Answers the number of the run, if one was started. */
const apply = async (
  c: ApiContext,
  api: JobApi,
  operation: Operation,
  request: ScheduleRequest,
): Promise<number | undefined> => {
  const wanted = wantedOf(api, request)
  const { events, job } = api
  const { type } = request.schedule
  const details = request.parameters === undefined ? '' : api.described(request.parameters)
  const description = details === '' ? type : `${type}: ${details}`
  const of = async (event: AuditEvent) => await auditedStore(c, event)
  if (wanted.kind === 'run') {
    const store = await of({ ...events.run, operation: events.runOperation, description })
    const { number } = await startRun(store, job, wanted.parameters)
    await c.get('deps').jobWaits?.(job)
    return number
  }
  const store = await of({ ...events.schedule, operation, description })
  if (wanted.kind === 'none') await removeSchedule(store, job)
  else await setSchedule(store, job, wanted.schedule)
  return undefined
}
