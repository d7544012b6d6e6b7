/** Schedules and runs of the purge of the audit log as Harbor's API writes them. */
import { z } from '@hono/zod-openapi'
import {
  parsePurgeParameters,
  purgeParameters,
  type PurgeParameters,
} from '../../../../shared/audit/purge-job.ts'
import { DomainError } from '../../../../shared/errors.ts'
import type { NewSchedule } from '../../../../shared/schedules/schedule.ts'
import type { Result, Run, Schedule } from '../../../../shared/schedules/items.ts'
import type { Fields } from '../../http/query-match.ts'
import { iso } from '../../http/time.ts'

const NAME = 'PURGE_AUDIT_LOG'

const TYPES = ['Hourly', 'Daily', 'Weekly', 'Custom', 'Schedule', 'Manual', 'None'] as const
type Type = (typeof TYPES)[number]

/** By UTC; the week as Harbor has it. */
const CRON_OF: Partial<Readonly<Record<Type, string>>> = {
  Hourly: '0 0 * * * *',
  Daily: '0 0 0 * * *',
  Weekly: '0 0 0 * * 6',
}

export const scheduleRequest = z
  .object({
    schedule: z.object({
      type: z.enum(TYPES),
      cron: z.string().optional().openapi({
        description: 'Six fields, by UTC: second, minute, hour, day, month, day of the week',
      }),
    }),
    parameters: z
      .object({
        audit_retention_hour: z
          .int()
          .openapi({ description: '1 to 240000; what is younger stays' }),
        dry_run: z.boolean().optional(),
        include_event_types: z.string().optional().openapi({
          description: 'By commas: create_artifact,pull_artifact. Empty: nothing is purged',
        }),
        include_operations: z.string().optional().openapi({
          description: 'By commas, whatever they are done to: create,pull',
        }),
      })
      .optional(),
  })
  .openapi('Schedule')
type Request = z.infer<typeof scheduleRequest>

export const execHistory = z
  .object({
    id: z.int(),
    job_name: z.string(),
    job_kind: z.string(),
    job_parameters: z.string().openapi({ description: 'JSON' }),
    schedule: z.object({
      type: z.string(),
      cron: z.string().optional(),
      next_scheduled_time: z.iso.datetime().optional(),
    }),
    job_status: z.string(),
    deleted: z.boolean(),
    creation_time: z.iso.datetime().optional(),
    update_time: z.iso.datetime().optional(),
  })
  .openapi('ExecHistory')
type ExecHistory = z.infer<typeof execHistory>

/** What a client wants: a run now, a schedule, or none. */
export type Wanted =
  | { readonly kind: 'run'; readonly parameters: string }
  | { readonly kind: 'schedule'; readonly schedule: NewSchedule }
  | { readonly kind: 'none' }

/** @throws DomainError BAD_REQUEST */
export const wantedOf = ({ schedule: { type, cron = '' }, parameters: given }: Request): Wanted => {
  if (type === 'None') return { kind: 'none' }
  if (given === undefined) {
    throw new DomainError('BAD_REQUEST', 'parameters with audit_retention_hour are needed')
  }
  const parameters = purgeParameters({
    retentionHours: given.audit_retention_hour,
    isDryRun: given.dry_run ?? false,
    eventTypes: given.include_event_types,
    operations: given.include_operations,
  })
  if (type === 'Manual') return { kind: 'run', parameters }
  const used = cron === '' ? (CRON_OF[type] ?? '') : cron
  return { kind: 'schedule', schedule: { type, cron: used, parameters } }
}

/** In a sentence, for the audit log. */
export const described = ({ schedule: { type }, parameters }: Request): string =>
  parameters === undefined
    ? type
    : [
        `${type}: what is older than ${parameters.audit_retention_hour} hours`,
        ...(parameters.dry_run === true ? ['dry run'] : []),
      ].join(', ')

export const shownSchedule = (schedule: Schedule | undefined): ExecHistory => ({
  id: 0,
  job_name: NAME,
  job_kind: schedule?.cron ?? '',
  job_parameters: schedule === undefined ? '{}' : shownParameters(schedule.parameters),
  schedule:
    schedule === undefined
      ? { type: 'None', cron: '' }
      : {
          type: schedule.type,
          cron: schedule.cron,
          next_scheduled_time: iso(schedule.dueAt),
        },
  job_status: '',
  deleted: false,
  ...(schedule === undefined
    ? {}
    : { creation_time: iso(schedule.createdAt), update_time: iso(schedule.updatedAt) }),
})

export const shownRun = (run: Run): ExecHistory => ({
  id: run.number,
  job_name: NAME,
  job_kind: run.kind,
  job_parameters: shownParameters(run.parameters, run.result),
  schedule: { type: run.kind === 'MANUAL' ? 'Manual' : 'Schedule' },
  job_status: run.status,
  deleted: false,
  creation_time: iso(run.createdAt),
  update_time: iso(run.updatedAt),
})

/** What came of a run is beside what it was given, as Harbor has it with other jobs. */
const shownParameters = (text: string, result: Result = {}): string => {
  const { eventTypes, isDryRun, operations, retentionHours }: PurgeParameters =
    parsePurgeParameters(text)
  return JSON.stringify({
    audit_retention_hour: retentionHours,
    dry_run: isDryRun,
    include_event_types: eventTypes,
    include_operations: operations,
    ...result,
  })
}

export const RUN_FIELDS: Fields<Run> = {
  id: ({ number }) => number,
  job_kind: ({ kind }) => kind,
  job_status: ({ status }) => status,
  creation_time: ({ createdAt }) => new Date(createdAt),
  update_time: ({ updatedAt }) => new Date(updatedAt),
}
