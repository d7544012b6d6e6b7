/** Storage audits as the management API tells of them. */
import * as z from 'zod'
import { CliError, type Client } from '../client.ts'
import type { Followed } from '../follow.ts'

const PATH = '/system/storageaudit'

const parameters = z.object({
  items_compared: z.number().default(0),
  objects_compared: z.number().default(0),
  lost: z.number().default(0),
  broken: z.number().default(0),
  leaked: z.number().default(0),
})

export const auditRun = z.object({
  id: z.int(),
  job_kind: z.string(),
  job_parameters: z.string().transform((text) => parameters.parse(JSON.parse(text))),
  job_status: z.string(),
  creation_time: z.string().default(''),
})
export type AuditRun = z.output<typeof auditRun>

export const finding = z.object({
  time: z.string(),
  severity: z.string(),
  kind: z.string(),
  what: z.string(),
  where: z.string(),
  mended: z.boolean(),
})
export type Finding = z.output<typeof finding>

/** Begins one; answers its number. */
export const beginAudit = async (client: Client, marginHours?: number): Promise<number> => {
  const number = await client.create(`${PATH}/schedule`, {
    schedule: { type: 'Manual' },
    parameters: { margin_hours: marginHours },
  })
  return z.coerce.number().int().parse(number)
}

export const readAudit = async (client: Client, id: number): Promise<AuditRun> =>
  await client.get(`${PATH}/${id}`, auditRun)

export const latestAudit = async (client: Client): Promise<AuditRun> => {
  const [latest] = await client.get(`${PATH}?page_size=1`, z.array(auditRun))
  if (latest === undefined) throw new CliError('there was no storage audit yet')
  return latest
}

export const listAudits = async (client: Client, count: number): Promise<readonly AuditRun[]> =>
  await client.get(`${PATH}?page_size=${count}`, z.array(auditRun))

export const stopAudit = async (client: Client, id: number): Promise<void> => {
  await client.send('PUT', `${PATH}/${id}`)
}

/** Lines of text for people, or of JSON. */
export const openFindings = async (
  client: Client,
  id: number,
  as: 'log' | 'findings',
): Promise<ReadableStream<Uint8Array>> => await client.stream(`${PATH}/${id}/${as}`)

export const followedAudit = (client: Client, id: number): Followed<AuditRun> => ({
  look: async () => await readAudit(client, id),
  isOver: ({ job_status: status }) => status !== 'Pending' && status !== 'Running',
  describe: outcomeOf,
  stop: async () => {
    await stopAudit(client, id)
  },
})

/** What came of it so far, in a sentence. */
export const outcomeOf = ({ id, job_parameters: told, job_status: status }: AuditRun): string =>
  [
    `audit ${id}: ${status}; ${told.items_compared} items and ${told.objects_compared} objects compared,`,
    `${told.lost} lost, ${told.broken} broken, ${told.leaked} leaked`,
  ].join(' ')
