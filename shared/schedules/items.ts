/** Jobs that run by a schedule or when somebody says so: one run of a job at a time, and a history of them. */
import * as z from 'zod'
import type { Item } from '../ports.ts'
import { known } from '../store/known.ts'
import { SCHEMA_VERSION } from '../table.ts'

/** Numbers of what came out, by what a job calls them. */
export type Result = Readonly<Record<string, number>>

export type RunStatus = 'Pending' | 'Running' | 'Success' | 'Error' | 'Stopped'

export type Schedule = {
  /** What whoever set it calls it: `Daily`. */
  readonly type: string
  readonly cron: string
  /** Of the job, which reads them; JSON. */
  readonly parameters: string
  /** Milliseconds since the epoch, as all times here. */
  readonly dueAt: number
  readonly createdAt: number
  readonly updatedAt: number
  /** Another one whenever it is set. */
  readonly version: string
}

export type Run = {
  readonly number: number
  readonly kind: 'MANUAL' | 'SCHEDULE'
  readonly parameters: string
  readonly status: RunStatus
  readonly createdAt: number
  readonly updatedAt: number
  readonly endedAt?: number | undefined
  /** The attempt that runs it, and until when it is taken to be alive without being heard of. */
  readonly owner?: string | undefined
  readonly leaseUntil?: number | undefined
  /** Somebody asked it to stop. */
  readonly isStopping: boolean
  readonly result: Result
  /** Lines of text. */
  readonly log: string
  /** Of one that goes on in another process: where it stands, as its job wrote it. */
  readonly progress?: string | undefined
  /** Where it stood when its process took it on. */
  readonly resumedFrom?: string | undefined
}

/** What a job's guard says: how far its runs are numbered, which one is not over, and when the next is due. */
export type JobState = {
  readonly lastRun: number
  readonly openRun: number | undefined
  readonly schedule: Schedule | undefined
}

const jobItem = z.object({ lastRun: z.number().default(0), openRun: z.number().optional() })
const scheduleItem = z.object({
  type: z.string(),
  cron: z.string(),
  parameters: z.string(),
  dueAt: z.number(),
  createdAt: z.number(),
  updatedAt: z.number(),
  version: z.string(),
})
const runItem = z.object({
  number: z.number(),
  kind: z.enum(['MANUAL', 'SCHEDULE']),
  parameters: z.string(),
  status: z.enum(['Pending', 'Running', 'Success', 'Error', 'Stopped']),
  createdAt: z.number(),
  updatedAt: z.number(),
  endedAt: z.number().optional(),
  owner: z.string().optional(),
  leaseUntil: z.number().optional(),
  isStopping: z.boolean(),
  result: z.string().transform((text) => z.record(z.string(), z.number()).parse(JSON.parse(text))),
  log: z.string(),
  progress: z.string().optional(),
  resumedFrom: z.string().optional(),
})

/** The names of what a schedule adds to a job's guard, to be removed with it. */
export const SCHEDULE_ATTRIBUTES = Object.keys(scheduleItem.shape)

export const parseJob = (item: Item | undefined): JobState => {
  const { lastRun, openRun } = jobItem.parse(item ?? {})
  const schedule = item?.['cron'] === undefined ? undefined : scheduleItem.parse(item)
  return { lastRun, openRun, schedule }
}

/** What those who share a run add up stands in attributes of its own, for one cannot add to JSON. */
const SUM = 'sum_'

/** Numbers as attributes that several processes add to. */
export const sumAttributes = (sums: Result): Result =>
  Object.fromEntries(Object.entries(sums).map(([name, value]) => [`${SUM}${name}`, value]))

const sumsOf = (item: Item): Result =>
  Object.fromEntries(
    Object.entries(item).flatMap(([name, value]) =>
      name.startsWith(SUM) && typeof value === 'number' ? [[name.slice(SUM.length), value]] : [],
    ),
  )

/** What the end of a run says came out goes before what was added up on the way. */
export const parseRun = (item: Item): Run => {
  const run = runItem.parse(item)
  return { ...run, result: { ...sumsOf(item), ...run.result } }
}

/** A run as it is stored. */
export const runAttributes = ({ result, ...run }: Run) => ({
  v: SCHEMA_VERSION,
  ...known(run),
  result: JSON.stringify(result),
})
