import * as z from 'zod'
import { DomainError } from '../errors.ts'
import { walkEveryProject } from '../projects/list.ts'
import type { Job, RunContext } from '../schedules/run-due.ts'
import type { Store } from '../store/store.ts'
import type { AuditScope } from '../table.ts'
import { forgetEndedLog, walkEndedLogs } from './ended.ts'
import { kindOf, type AuditEntry } from './entry.ts'
import { purgeAudit } from './purge.ts'

const HOUR_MS = 60 * 60_000
/** Harbor's: ten thousand days. */
const LONGEST_RETENTION_HOURS = 240_000
/** More than all kinds of events together. */
const LONGEST_LIST = 8_192

/** What is to be purged; the lists are as clients write them, with commas, and what they name need not exist. */
export type PurgeParameters = {
  /** Younger entries stay. */
  readonly retentionHours: number
  /** Only counts. */
  readonly isDryRun: boolean
  /** Kinds of events, such as `create_project`. */
  readonly eventTypes?: string | undefined
  /** Operations whatever they are done to, such as `create`. */
  readonly operations?: string | undefined
}

const parameters = z.object({
  retentionHours: z.number(),
  isDryRun: z.boolean(),
  eventTypes: z.string().optional(),
  operations: z.string().optional(),
})

export const parsePurgeParameters = (text: string): PurgeParameters =>
  parameters.parse(JSON.parse(text))

/**
 * The parameters as a schedule or a run has them.
 * @throws DomainError BAD_REQUEST
 */
export const purgeParameters = (given: PurgeParameters): string => {
  const { retentionHours, eventTypes, operations } = given
  const isInRange = retentionHours >= 1 && retentionHours <= LONGEST_RETENTION_HOURS
  if (!Number.isSafeInteger(retentionHours) || !isInRange) {
    throw new DomainError('BAD_REQUEST', `entries are kept 1 to ${LONGEST_RETENTION_HOURS} hours`)
  }
  if (eventTypes === undefined && operations === undefined) {
    throw new DomainError('BAD_REQUEST', 'say which types of events are to be purged')
  }
  if ([eventTypes, operations].some((list) => (list?.length ?? 0) > LONGEST_LIST)) {
    throw new DomainError('BAD_REQUEST', `a list of types has at most ${LONGEST_LIST} characters`)
  }
  return JSON.stringify(given)
}

/** Deletes what is old in the log of the registry and in those of all projects, deleted ones included. */
export const auditPurgeJob = (store: Store): Job => ({
  name: 'auditPurge',
  work: async (text, context) => {
    const given = parsePurgeParameters(text)
    const before = store.clock.now() - given.retentionHours * HOUR_MS
    const fits = fitting(given)
    context.log(
      `${given.isDryRun ? 'dry run: entries' : 'entries'} before ${new Date(before).toISOString()}`,
    )
    if (fits === undefined) {
      context.log('no type of events is chosen: nothing is purged')
      return { purged: 0 }
    }
    const { isStopped } = context
    const purge = async (scope: AuditScope): Promise<number> =>
      await purgeAudit(store, { scope, before, fits, isDryRun: given.isDryRun, isStopped })
    const purged = await purge('system')
    const copies = await purgeProjects(store, context, purge)
    const ended = await purgeEnded(store, context, purge, given.isDryRun ? undefined : before)
    context.log(`${purged} entries ${given.isDryRun ? 'would be' : 'were'} purged`)
    context.log(`${copies + ended} copies in the logs of projects`)
    return { purged }
  },
})

type PurgeOne = (scope: AuditScope) => Promise<number>

const purgeProjects = async (
  store: Store,
  { isStopped }: RunContext,
  purge: PurgeOne,
): Promise<number> => {
  let purged = 0
  for await (const { pid } of walkEveryProject(store)) {
    if (await isStopped()) break
    purged += await purge(pid)
  }
  return purged
}

/** Behind those of projects: one that is deleted in the meantime is found here. */
const purgeEnded = async (
  store: Store,
  { isStopped }: RunContext,
  purge: PurgeOne,
  before: number | undefined,
): Promise<number> => {
  let purged = 0
  for await (const log of walkEndedLogs(store)) {
    if (await isStopped()) break
    purged += await purge(log.scope)
    if (before !== undefined) await forgetEndedLog(store, log, before)
  }
  return purged
}

/** Which entries are chosen; `undefined`: none, as Harbor has it for an empty list. */
const fitting = ({
  eventTypes = '',
  operations = '',
}: PurgeParameters): ((entry: AuditEntry) => boolean) | undefined => {
  const kinds = namesIn(eventTypes)
  const verbs = namesIn(operations)
  if (kinds.size === 0 && verbs.size === 0) return undefined
  return (entry) => kinds.has(kindOf(entry)) || verbs.has(entry.operation)
}

const namesIn = (list: string): ReadonlySet<string> =>
  new Set(
    list
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== ''),
  )
