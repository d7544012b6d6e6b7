import { getItem } from '../store/query.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { key, SCHEMA_VERSION, type JobName } from '../table.ts'
import { nextTime } from './cron.ts'
import { parseJob, SCHEDULE_ATTRIBUTES, type JobState, type Schedule } from './items.ts'

export type NewSchedule = Pick<Schedule, 'type' | 'cron' | 'parameters'>

export const readJob = async (store: Store, job: JobName): Promise<JobState> =>
  parseJob(await getItem(store, key.job(job), 'strong'))

/** When a job runs by itself; `undefined`: never. */
export const readSchedule = async (store: Store, job: JobName): Promise<Schedule | undefined> =>
  (await readJob(store, job)).schedule

/**
 * Sets when a job runs by itself, in place of what was set before.
 * @throws DomainError BAD_REQUEST for an invalid cron expression
 */
export const setSchedule = async (
  store: Store,
  job: JobName,
  given: NewSchedule,
): Promise<void> => {
  const now = store.clock.now()
  const dueAt = await nextTime(given.cron, now)
  const before = await readSchedule(store, job)
  const times = { dueAt, createdAt: before?.createdAt ?? now, updatedAt: now }
  await change(store, job, {
    set: { v: SCHEMA_VERSION, ...given, ...times, version: store.ids.next() },
  })
}

/** Sets when a job runs by itself of which nobody has ever said so; not when somebody has removed its schedule. */
export const scheduleAtFirst = async (
  store: Store,
  job: JobName,
  given: NewSchedule,
): Promise<void> => {
  if ((await getItem(store, key.job(job), 'eventual')) !== undefined) return
  const now = store.clock.now()
  const dueAt = await nextTime(given.cron, now)
  const times = { dueAt, createdAt: now, updatedAt: now }
  await retry(store, async () => {
    const outcome = await store.kv.write({
      ...{ op: 'update', key: key.job(job) },
      set: { v: SCHEMA_VERSION, ...given, ...times, version: store.ids.next() },
      conditions: [{ kind: 'absent' }],
    })
    return outcome === 'conflict' ? AGAIN : outcome
  })
}

/** Lets a job run by itself no more; a run that is under way goes on. */
export const removeSchedule = async (store: Store, job: JobName): Promise<void> => {
  await change(store, job, { set: { v: SCHEMA_VERSION }, remove: SCHEDULE_ATTRIBUTES })
}

type Change = {
  readonly set: Readonly<Record<string, string | number>>
  readonly remove?: readonly string[]
}

const change = async (store: Store, job: JobName, { set, remove = [] }: Change): Promise<void> => {
  await retry(store, async () => {
    const outcome = await store.kv.write({
      ...{ op: 'update', key: key.job(job), set },
      ...(remove.length === 0 ? {} : { remove }),
    })
    return outcome === 'conflict' ? AGAIN : outcome
  })
}
