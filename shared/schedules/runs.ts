import { beside } from '../audit/carry.ts'
import { DomainError } from '../errors.ts'
import type { TransactOperation } from '../ports.ts'
import { takePage, type Listing, type Paging } from '../store/page.ts'
import { getItem, pages } from '../store/query.ts'
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key, prefix, type JobName } from '../table.ts'
import { clearDeadRun, closing } from './close.ts'
import { parseRun, runAttributes, type Run } from './items.ts'
import { readJob } from './schedule.ts'

/** Older runs are forgotten. */
export const RUNS_KEPT = 500
const RUNS_PER_PAGE = 100

/**
 * Makes a run of a job that whoever looks for it next takes on.
 * @throws DomainError CONFLICT while another run is not over
 */
export const startRun = async (store: Store, job: JobName, parameters: string): Promise<Run> =>
  await contend(store, async () => {
    const { lastRun, openRun } = await readJob(store, job)
    if (openRun !== undefined) {
      if ((await clearDeadRun(beside(store), job, openRun)) === 'cleared') return AGAIN
      throw new DomainError('CONFLICT', `run ${openRun} is not over; wait for it, or stop it`)
    }
    const run = newRun(store, { number: lastRun + 1, kind: 'MANUAL', parameters })
    const outcome = await transactNamed(store, {
      job: {
        ...{ op: 'update', key: key.job(job), set: { lastRun: run.number, openRun: run.number } },
        conditions: [{ kind: 'attributeAbsent', name: 'openRun' }],
      },
      ...inHistory(job, run),
    })
    return outcome.done ? run : AGAIN
  })

export const newRun = (
  store: Store,
  given: Pick<Run, 'number' | 'kind' | 'parameters'> & Partial<Run>,
): Run => {
  const now = store.clock.now()
  const fresh = { status: 'Pending', isStopping: false, result: {}, log: '' } as const
  return { ...fresh, createdAt: now, updatedAt: now, ...given }
}

/** A new run in the history, and the oldest one out of it. Refused when the number is taken. */
export const inHistory = (job: JobName, run: Run) =>
  ({
    run: {
      op: 'put',
      item: { ...key.jobRun(job, run.number), ...runAttributes(run) },
      conditions: [{ kind: 'absent' }],
    },
    oldest:
      run.number > RUNS_KEPT
        ? { op: 'delete', key: key.jobRun(job, run.number - RUNS_KEPT) }
        : undefined,
  }) as const satisfies Readonly<Record<string, TransactOperation | undefined>>

/** @throws DomainError NOT_FOUND */
export const readRun = async (store: Store, job: JobName, number: number): Promise<Run> => {
  const item = number < 1 ? undefined : await getItem(store, key.jobRun(job, number), 'strong')
  if (item === undefined) throw new DomainError('NOT_FOUND', `there is no run ${number}`)
  return parseRun(item)
}

/** The runs that are kept, the newest first. */
export const walkRuns = async function* (
  store: Store,
  job: JobName,
  limit = RUNS_PER_PAGE,
): AsyncGenerator<Run> {
  const query = { pk: key.job(job).pk, sk: { prefix: prefix.runs }, limit, read: 'strong' } as const
  for await (const items of pages(store, query)) yield* items.map(parseRun)
}

/** One page of them. */
export const listRuns = async (
  store: Store,
  job: JobName,
  paging: Paging,
): Promise<Listing<Run>> => {
  const { lastRun } = await readJob(store, job)
  const pageSize = Math.min(RUNS_PER_PAGE, paging.limit + (paging.skip ?? 0) + 1)
  const page = await takePage(walkRuns(store, job, pageSize), paging)
  return { ...page, total: Math.min(lastRun, RUNS_KEPT) }
}

/**
 * Asks a run to stop, which it does within seconds; one that nobody took on yet is stopped at once, and one that is over
 * stays as it ended.
 * @throws DomainError NOT_FOUND
 */
export const stopRun = async (store: Store, job: JobName, number: number): Promise<void> => {
  await contend(store, async () => {
    const run = await readRun(store, job, number)
    const { status, isStopping } = run
    if (status === 'Pending') {
      const outcome = await transactNamed(store, closing(store, job, run, { status: 'Stopped' }))
      return outcome.done ? 'done' : AGAIN
    }
    if (status !== 'Running' || isStopping) return 'done'
    const outcome = await store.kv.write({
      op: 'update',
      key: key.jobRun(job, number),
      set: { isStopping: true, updatedAt: store.clock.now() },
      conditions: [{ kind: 'equals', name: 'status', value: 'Running' }],
    })
    return outcome === 'done' ? outcome : AGAIN
  })
}
