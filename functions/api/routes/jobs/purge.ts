import { z } from '@hono/zod-openapi'
import { parsePurgeParameters, purgeParameters } from '../../../../shared/audit/purge-job.ts'
import { DomainError } from '../../../../shared/errors.ts'
import type { Api } from '../../factory.ts'
import { addJobRuns } from './job-runs.ts'
import { addJobSchedule } from './job-schedule.ts'
import type { JobApi } from './job.ts'

const parameters = z.object({
  audit_retention_hour: z.int().openapi({ description: '1 to 240000; what is younger stays' }),
  dry_run: z.boolean().optional(),
  include_event_types: z.string().optional().openapi({
    description: 'By commas: create_artifact,pull_artifact. Empty: nothing is purged',
  }),
  include_operations: z.string().optional().openapi({
    description: 'By commas, whatever they are done to: create,pull',
  }),
})

const PURGE: JobApi<typeof parameters> = {
  ...{ job: 'auditPurge', path: '/system/purgeaudit', tag: 'purge', idName: 'purge_id' },
  permission: 'purge-audit',
  operationIds: {
    ...{ history: 'getPurgeHistory', run: 'getPurgeJob', stop: 'stopPurge' },
    ...{ log: 'getPurgeJobLog', schedule: 'getPurgeSchedule' },
    ...{ create: 'createPurgeSchedule', update: 'updatePurgeSchedule' },
  },
  ...{ one: 'purge', many: 'purges of the audit log', name: 'PURGE_AUDIT_LOG' },
  parameters,
  toStored: (given) => {
    if (given === undefined) {
      throw new DomainError('BAD_REQUEST', 'parameters with audit_retention_hour are needed')
    }
    return purgeParameters({
      retentionHours: given.audit_retention_hour,
      isDryRun: given.dry_run ?? false,
      eventTypes: given.include_event_types,
      operations: given.include_operations,
    })
  },
  shown: (stored, run) => {
    const { eventTypes, isDryRun, operations, retentionHours } = parsePurgeParameters(stored)
    return {
      audit_retention_hour: retentionHours,
      dry_run: isDryRun,
      include_event_types: eventTypes,
      include_operations: operations,
      ...run?.result,
    }
  },
  described: (given) =>
    given === undefined
      ? ''
      : [
          `what is older than ${given.audit_retention_hour} hours`,
          ...(given.dry_run === true ? ['dry run'] : []),
        ].join(', '),
  events: {
    run: { resourceType: 'audit', resource: 'old entries' },
    schedule: { resourceType: 'audit', resource: 'purge schedule' },
    runOperation: 'delete',
  },
  log: (_c, { log }) => log,
}

/** The purge of the audit log: when, and what became of it. Paths with a number come behind the schedule. */
export const addPurge = (api: Api): void => {
  addJobSchedule(api, PURGE)
  addJobRuns(api, PURGE)
}
