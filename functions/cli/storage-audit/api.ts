/** Storage audits as the management API tells of them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { WriteStream } from 'node:tty'
import * as z from 'zod'
import { CliError, type Client } from '../client.ts'

const PATH = '/system/storageaudit'
const LOOK_MS = 500
const LINE_MS = 10_000

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

type Out = Pick<WriteStream, 'write'> & { readonly isTTY?: boolean }

/**
 * Shows how an audit goes until it is over.
 * @throws CliError when the signal comes, and has the audit stopped
 */
export const followAudit = async (
  client: Client,
  id: number,
  out: Out,
  signal: AbortSignal,
): Promise<AuditRun> => {
  let saidAt = Date.now()
  for (;;) {
    const run = await readAudit(client, id)
    const isOver = run.job_status !== 'Pending' && run.job_status !== 'Running'
    if (out.isTTY === true) out.write(`\r\u001b[K${isOver ? '' : outcomeOf(run)}`)
    else if (!isOver && Date.now() - saidAt >= LINE_MS) {
      saidAt = Date.now()
      out.write(`${outcomeOf(run)}\n`)
    }
    if (isOver) return run
    if (signal.aborted) {
      await stopAudit(client, id)
      throw new CliError('stopped')
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** What came of it so far, in a sentence. */
export const outcomeOf = ({ id, job_parameters: told, job_status: status }: AuditRun): string =>
  [
    `audit ${id}: ${status}; ${told.items_compared} items and ${told.objects_compared} objects compared,`,
    `${told.lost} lost, ${told.broken} broken, ${told.leaked} leaked`,
  ].join(' ')
