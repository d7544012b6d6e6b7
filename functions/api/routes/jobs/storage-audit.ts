import { z } from '@hono/zod-openapi'
import { describeAudit, tellFindings } from '../../../../shared/check/describe.ts'
import {
  auditParameters,
  DEFAULT_PARAMETERS,
  parseAuditParameters,
} from '../../../../shared/check/parameters.ts'
import type { Run } from '../../../../shared/schedules/items.ts'
import { readRun } from '../../../../shared/schedules/runs.ts'
import type { Store } from '../../../../shared/store/store.ts'
import type { Api } from '../../factory.ts'
import { errors, idInPath } from '../../http/schemas.ts'
import { streamed } from '../../http/streamed.ts'
import { route } from '../../route.ts'
import { addJobRuns } from './job-runs.ts'
import { addJobSchedule } from './job-schedule.ts'
import type { JobApi } from './job.ts'

const parameters = z.strictObject({
  margin_hours: z.number().optional().openapi({
    description: 'What was written to in the last so many hours is not looked at; 48 if absent',
  }),
})

const AUDIT: JobApi<typeof parameters> = {
  ...{ job: 'storageAudit', path: '/system/storageaudit', tag: 'storageaudit' },
  idName: 'audit_id',
  // Harbor has no such job; whoever may collect garbage may see whether that went wrong.
  permission: 'garbage-collection',
  operationIds: {
    ...{ history: 'getStorageAuditHistory', run: 'getStorageAudit', stop: 'stopStorageAudit' },
    ...{ log: 'getStorageAuditLog', schedule: 'getStorageAuditSchedule' },
    ...{ create: 'createStorageAuditSchedule', update: 'updateStorageAuditSchedule' },
  },
  ...{ one: 'storage audit', many: 'storage audits', name: 'STORAGE_AUDIT' },
  parameters,
  toStored: (given = {}) =>
    auditParameters({ marginHours: given.margin_hours ?? DEFAULT_PARAMETERS.marginHours }),
  shown: (stored, run) => ({
    margin_hours: parseAuditParameters(stored).marginHours,
    ...shownResult(run),
  }),
  described: (given = {}) =>
    given.margin_hours === undefined ? '' : `margin of ${given.margin_hours} hours`,
  events: {
    run: { resourceType: 'gc', resource: 'storage audit' },
    schedule: { resourceType: 'gc', resource: 'storage audit schedule' },
    runOperation: 'create',
  },
  log: (c, run) => streamed(describeAudit(c.get('deps').store, run)),
}

const shownResult = (run: Run | undefined): Readonly<Record<string, unknown>> => {
  const { broken, items, leaked, lost, objects } = run?.result ?? {}
  return { items_compared: items, objects_compared: objects, lost, broken, leaked }
}

/** The comparison of the table with the bucket: when, and what it found. Paths with a number come behind the schedule. */
export const addStorageAudit = (api: Api): void => {
  addJobSchedule(api, AUDIT)
  addJobRuns(api, AUDIT)
  route(
    api,
    {
      ...{ method: 'get', path: '/system/storageaudit/{audit_id}/findings' },
      operationId: 'getStorageAuditFindings',
      summary: 'Everything that a storage audit found',
      description:
        'A line of JSON each: time, severity, kind, what, where, and whether it is mended',
      tags: ['storageaudit'],
      request: { params: z.object({ audit_id: idInPath }) },
      responses: {
        200: { description: 'The findings, in application/x-ndjson' },
        ...errors(401, 403, 404, 422),
      },
    },
    { system: 'garbage-collection:read' },
    async (c) => {
      const { store } = c.get('deps')
      const { number } = await readRun(store, 'storageAudit', c.req.valid('param').audit_id)
      return c.body(streamed(linesOf(store, number)), 200, {
        'Content-Type': 'application/x-ndjson',
      })
    },
  )
}

const linesOf = async function* (store: Store, run: number): AsyncGenerator<string> {
  for await (const told of tellFindings(store, run)) yield JSON.stringify(told)
}
