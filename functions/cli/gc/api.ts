/** Garbage collection as the management API tells of it. */
import * as z from 'zod'
import { CliError, type Client } from '../client.ts'

const parameters = z.object({
  delete_untagged: z.boolean().default(false),
  dry_run: z.boolean().default(false),
  background: z.boolean().default(false),
  freed_space: z.number().default(0),
  released_space: z.number().default(0),
  released_quota: z.number().default(0),
  purged_blobs: z.number().default(0),
  purged_manifests: z.number().default(0),
  purged_objects: z.number().default(0),
  tasks_done: z.number().default(0),
  tasks_due: z.number().optional(),
  tasks_per_second: z.number().optional(),
  seconds_left: z.number().optional(),
})

export const gcRun = z.object({
  id: z.int(),
  job_kind: z.string(),
  job_parameters: z.string().transform((text) => parameters.parse(JSON.parse(text))),
  job_status: z.string(),
  creation_time: z.string().default(''),
  update_time: z.string().default(''),
})
export type GcRun = z.output<typeof gcRun>

export const gcSchedule = z.object({
  schedule: z.object({
    type: z.string(),
    cron: z.string().default(''),
    next_scheduled_time: z.string().optional(),
  }),
})

export const deletion = z.object({
  kind: z.string(),
  digest: z.string().optional(),
  object: z.string().optional(),
  project: z.string().optional(),
  repository: z.string().optional(),
  size: z.number().optional(),
  reason: z.string().optional(),
})

export const isOver = ({ job_status: status }: GcRun): boolean =>
  status !== 'Pending' && status !== 'Running'

/** Begins a run; answers its number. */
export const beginRun = async (
  client: Client,
  given: Readonly<Record<string, unknown>>,
): Promise<number> => {
  const number = await client.create('/system/gc/schedule', {
    schedule: { type: 'Manual' },
    parameters: given,
  })
  return z.coerce.number().int().parse(number)
}

export const readRun = async (client: Client, id: number): Promise<GcRun> =>
  await client.get(`/system/gc/${id}`, gcRun)

/** The last run, whether or not somebody asked for it. */
export const latestRun = async (client: Client): Promise<GcRun> => {
  const [latest] = await client.get('/system/gc?page_size=1', z.array(gcRun))
  if (latest === undefined) throw new CliError('nothing was ever collected')
  return latest
}
