/** Schedules and runs of jobs as Harbor's API writes them. */
import { z } from '@hono/zod-openapi'
import type { Run, Schedule } from '../../../../shared/schedules/items.ts'
import type { NewSchedule } from '../../../../shared/schedules/schedule.ts'
import type { Fields } from '../../http/query-match.ts'
import { iso } from '../../http/time.ts'
import type { JobApi } from './job.ts'

const TYPES = ['Hourly', 'Daily', 'Weekly', 'Custom', 'Schedule', 'Manual', 'None'] as const
type Type = (typeof TYPES)[number]

/** By UTC; the week as Harbor has it. */
const CRON_OF: Partial<Readonly<Record<Type, string>>> = {
  Hourly: '0 0 * * * *',
  Daily: '0 0 0 * * *',
  Weekly: '0 0 0 * * 6',
}

export const scheduleObject = z.object({
  type: z.enum(TYPES),
  cron: z.string().optional().openapi({
    description: 'Six fields, by UTC: second, minute, hour, day, month, day of the week',
  }),
})

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

export type ScheduleRequest = {
  readonly schedule: z.output<typeof scheduleObject>
  readonly parameters?: unknown
}

/** @throws DomainError BAD_REQUEST */
export const wantedOf = (
  { toStored }: JobApi,
  { parameters: given, schedule: { type, cron = '' } }: ScheduleRequest,
): Wanted => {
  if (type === 'None') return { kind: 'none' }
  const parameters = toStored(given)
  if (type === 'Manual') return { kind: 'run', parameters }
  const used = cron === '' ? (CRON_OF[type] ?? '') : cron
  return { kind: 'schedule', schedule: { type, cron: used, parameters } }
}

export const shownSchedule = (api: JobApi, schedule: Schedule | undefined): ExecHistory => ({
  id: 0,
  job_name: api.name,
  job_kind: schedule?.cron ?? '',
  job_parameters: schedule === undefined ? '{}' : JSON.stringify(api.shown(schedule.parameters)),
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

export const shownRun = (api: JobApi, run: Run): ExecHistory => ({
  id: run.number,
  job_name: api.name,
  job_kind: run.kind,
  job_parameters: JSON.stringify(api.shown(run.parameters, run)),
  schedule: { type: run.kind === 'MANUAL' ? 'Manual' : 'Schedule' },
  job_status: run.status,
  deleted: false,
  creation_time: iso(run.createdAt),
  update_time: iso(run.updatedAt),
})

export const RUN_FIELDS: Fields<Run> = {
  id: ({ number }) => number,
  job_kind: ({ kind }) => kind,
  job_status: ({ status }) => status,
  creation_time: ({ createdAt }) => new Date(createdAt),
  update_time: ({ updatedAt }) => new Date(updatedAt),
}
