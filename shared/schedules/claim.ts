import { getItem } from '../store/query.ts'
import { AGAIN, contend, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key, type JobName } from '../table.ts'
import { DEFAULT_TIMES } from '../tasks/times.ts'
import { asBefore, clearDeadRun } from './close.ts'
import { nextTime } from './cron.ts'
import { parseRun, type Run, type Schedule } from './items.ts'
import { inHistory, newRun, readRun } from './runs.ts'
import { readJob } from './schedule.ts'

/** Whoever runs a job is heard of far more often; a minute more than clocks may differ. */
const LEASE_MS = DEFAULT_TIMES.clockSkew + 60_000

/**
 * Takes on the run of a job that somebody asked for or that is due by its schedule; `undefined`: there is none, or it is
 * somebody else's. Of several processes that ask at once one gets it. What was due several times runs once.
 * `owner`: who asks twice under one name, because the first answer got lost, gets the same run.
 */
export const claimRun = async (
  store: Store,
  job: JobName,
  owner = store.ids.next(),
): Promise<Run | undefined> =>
  await contend<Run | undefined>(store, async () => {
    const { lastRun, openRun, schedule } = await readJob(store, job)
    if (openRun !== undefined) return await claimOpen(store, job, openRun, owner)
    if (!isDue(store, schedule)) return undefined
    return await claimDue(store, job, { lastRun, schedule, owner })
  })

/** Whether there is a run to be taken on; one that nobody has been heard of for too long is ended on the way. */
export const runWaits = async (store: Store, job: JobName): Promise<boolean> =>
  await contend<boolean>(store, async () => {
    const { openRun, schedule } = await readJob(store, job)
    if (openRun === undefined) return isDue(store, schedule)
    if ((await readRun(store, job, openRun)).status === 'Pending') return true
    return (await clearDeadRun(store, job, openRun)) === 'cleared' ? AGAIN : false
  })

const isDue = (store: Store, schedule: Schedule | undefined): schedule is Schedule =>
  schedule !== undefined && schedule.dueAt <= store.clock.now()

const claimOpen = async (
  store: Store,
  job: JobName,
  number: number,
  owner: string,
): Promise<Run | undefined | typeof AGAIN> => {
  const run = await readRun(store, job, number)
  if (run.status === 'Running' && run.owner === owner) return run
  if (run.status !== 'Pending') {
    return (await clearDeadRun(store, job, number)) === 'cleared' ? AGAIN : undefined
  }
  const claim = claimOf(store, owner)
  const outcome = await transactNamed(store, {
    run: {
      op: 'update',
      key: key.jobRun(job, number),
      set: { ...claim, ...(run.progress !== undefined && { resumedFrom: run.progress }) },
      conditions: asBefore(run),
    },
  })
  return outcome.done ? { ...run, ...claim } : AGAIN
}

const claimDue = async (
  store: Store,
  job: JobName,
  {
    lastRun,
    owner,
    schedule,
  }: { readonly lastRun: number; readonly owner: string; readonly schedule: Schedule },
): Promise<Run | typeof AGAIN> => {
  const { cron, dueAt, parameters, version } = schedule
  const number = lastRun + 1
  const given = { number, kind: 'SCHEDULE', parameters } as const
  const run = newRun(store, { ...given, ...claimOf(store, owner) })
  const next = await nextTime(cron, store.clock.now())
  const outcome = await transactNamed(store, {
    job: {
      op: 'update',
      key: key.job(job),
      set: { lastRun: number, openRun: number, dueAt: next },
      conditions: [
        { kind: 'attributeAbsent', name: 'openRun' },
        { kind: 'equals', name: 'version', value: version },
        { kind: 'equals', name: 'dueAt', value: dueAt },
      ],
    },
    ...inHistory(job, run),
  })
  return outcome.done ? run : AGAIN
}

/** What makes a run somebody's. */
export const claimOf = (store: Store, owner = store.ids.next()) => {
  const now = store.clock.now()
  const lease = { owner, leaseUntil: leaseFrom(now) }
  return { status: 'Running' as const, updatedAt: now, ...lease }
}

/** Until when a run that is heard of now is taken to be alive. */
export const leaseFrom = (now: number): number => now + LEASE_MS

/** Says that a run is alive, and what it has done so far; answers whether it is to go on: not when somebody stopped it, or took it for dead. */
export const keepAlive = async (
  store: Store,
  job: JobName,
  run: Run,
  { log, progress, result }: Pick<Run, 'log' | 'result' | 'progress'>,
): Promise<boolean> => {
  const now = store.clock.now()
  const outcome = await retry(store, async () => {
    const written = await store.kv.write({
      op: 'update',
      key: key.jobRun(job, run.number),
      set: {
        ...{ leaseUntil: leaseFrom(now), updatedAt: now, log, result: JSON.stringify(result) },
        ...(progress !== undefined && { progress }),
      },
      conditions: asBefore(run),
    })
    return written === 'conflict' ? AGAIN : written
  })
  if (outcome !== 'done') return false
  const item = await getItem(store, key.jobRun(job, run.number), 'strong')
  return item !== undefined && !parseRun(item).isStopping
}
