import type { Condition, TransactOperation } from '../ports.ts'
import { getItem } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key, type JobName } from '../table.ts'
import { parseRun, type Run } from './items.ts'

/** How a run ends. */
export type Ending = Pick<Run, 'status'> & Partial<Pick<Run, 'result' | 'log'>>

/** Ends a run that keeps none from beginning. Refused when it is not any more what it was. */
export const closingAside = (store: Store, job: JobName, run: Run, ending: Ending) => {
  const now = store.clock.now()
  const { status, result = run.result, log = run.log } = ending
  return {
    run: {
      op: 'update',
      key: key.jobRun(job, run.number),
      set: { status, log, result: JSON.stringify(result), endedAt: now, updatedAt: now },
      conditions: asBefore(run),
    },
  } as const satisfies Readonly<Record<string, TransactOperation>>
}

/** Ends a run, so that the next may begin. Refused when it is not any more what it was. */
export const closing = (store: Store, job: JobName, run: Run, ending: Ending) =>
  ({
    ...closingAside(store, job, run, ending),
    job: {
      op: 'update',
      key: key.job(job),
      remove: ['openRun'],
      conditions: [{ kind: 'equals', name: 'openRun', value: run.number }],
    },
  }) as const satisfies Readonly<Record<string, TransactOperation>>

/**
 * Lays a run down whose process has to end, for another one to go on with. Refused when it is not any more what it was, or
 * somebody has asked it to stop.
 */
export const layingDown = (
  job: JobName,
  run: Run,
  {
    log,
    now,
    progress,
    result,
  }: Pick<Run, 'log' | 'result'> & {
    readonly now: number
    readonly progress: string
  },
) =>
  ({
    run: {
      op: 'update',
      key: key.jobRun(job, run.number),
      set: { status: 'Pending', log, result: JSON.stringify(result), progress, updatedAt: now },
      remove: ['owner', 'leaseUntil'],
      conditions: [...asBefore(run), { kind: 'equals', name: 'isStopping', value: false }],
    },
  }) as const satisfies Readonly<Record<string, TransactOperation>>

/** The same attempt at the same run. */
export const asBefore = ({
  status,
  owner,
}: Pick<Run, 'status' | 'owner'>): readonly Condition[] => [
  { kind: 'equals', name: 'status', value: status },
  owner === undefined
    ? { kind: 'attributeAbsent', name: 'owner' }
    : { kind: 'equals', name: 'owner', value: owner },
]

/**
 * Ends a run that is not over, in one way or the other, if nobody has been heard of it for too long; one that can go on from
 * where it stood is for another process.
 */
export const clearDeadRun = async (
  store: Store,
  job: JobName,
  number: number,
  close: typeof closing | typeof closingAside = closing,
): Promise<'cleared' | 'alive'> => {
  const item = await getItem(store, key.jobRun(job, number), 'strong')
  if (item === undefined) return 'alive'
  const run = parseRun(item)
  if (run.status !== 'Running') return run.status === 'Pending' ? 'alive' : 'cleared'
  const { isStopping, leaseUntil = 0, log } = run
  if (leaseUntil > store.clock.now()) return 'alive'
  const now = store.clock.now()
  const gone = `${log}${new Date(now).toISOString()} the process that ran it is gone\n`
  const { progress, result, resumedFrom } = run
  // One that came no further than the process before would not come further the next time.
  const operations =
    !isStopping && progress !== undefined && progress !== resumedFrom
      ? layingDown(job, run, { log: gone, now, progress, result })
      : close(store, job, run, { status: isStopping ? 'Stopped' : 'Error', log: gone })
  // Its process may come back to life: then it has said so in between.
  const { conditions } = operations.run
  const stillSilent = { kind: 'equals', name: 'leaseUntil', value: leaseUntil } as const
  await transactNamed(store, {
    ...operations,
    run: { ...operations.run, conditions: [...conditions, stillSilent] },
  })
  return 'cleared'
}
