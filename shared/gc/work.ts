import { createLimiter } from '../limiter.ts'
import { queryPage } from '../store/query.ts'
import { dueTasks, taskShards } from '../table.ts'
import { parseTask } from '../tasks/parse.ts'
import type { Gc } from './gc.ts'
import { workOffPage, type Trouble } from './work-page.ts'

/** So many objects S3 deletes with one call. */
const TASKS_PER_PAGE = 1_000
/** Of all workers together, where others wait for this process. */
const TASKS_WHEN_BUSY = 30

export type Work = {
  /** Asked between pages: true ends it. What is done by then is done. */
  readonly isStopped: () => boolean | Promise<boolean>
  /** Told of a task that failed and will be tried again. */
  readonly troubled: (trouble: Trouble) => void
  /** Shards that are worked off side by side; 1 if absent. */
  readonly workers?: number
  /** Asked before every page: whether this process has requests to answer, to which it gives way by taking on less at once. */
  readonly isBusy?: (() => boolean) | undefined
}

export type Worked = {
  readonly tasks: number
  readonly failed: number
  /** Written by a newer version, and left alone. */
  readonly unknown: number
}

/** What is added to as it goes. */
export type Sum = { -readonly [Name in keyof Worked]: number }

const noSum = (): Sum => ({ tasks: 0, failed: 0, unknown: 0 })

/** Works off what is due, and what comes due by that, until nothing is or it is stopped. */
export const workOff = async (
  gc: Gc,
  work: Work,
  sum = noSum(),
  shards = taskShards(),
): Promise<Worked> => {
  const limiter = createLimiter(work.workers ?? 1)
  for (;;) {
    const before = sum.tasks
    sum.unknown = 0
    // None goes on alone after another one failed.
    const outcomes = await Promise.allSettled(
      shards.map(async (shard) => {
        await limiter(async () => await workOffShard(gc, shard, work, sum))
      }),
    )
    const failure = outcomes.find(({ status }) => status === 'rejected')
    if (failure?.status === 'rejected') throw failure.reason
    if (sum.tasks === before || (await work.isStopped())) return sum
  }
}

/** Works off what is due in one shard of the queue at this moment. Two may do so at once. */
export const workOffShard = async (
  gc: Gc,
  pk: string,
  work: Work,
  sum = noSum(),
): Promise<Worked> => {
  const { store } = gc.context
  const query = { pk, sk: dueTasks(store.clock.now()), read: 'strong' } as const
  let after: string | undefined
  do {
    const limit = tasksPerPage(work)
    const page = await queryPage(store, { ...query, limit, ...(after !== undefined && { after }) })
    if (await work.isStopped()) break
    const known = page.items.map(parseTask).filter((task) => task !== undefined)
    sum.unknown += page.items.length - known.length
    const outcomes = await workOffPage(gc, known, work.troubled)
    sum.tasks += known.length
    sum.failed += outcomes.filter((outcome) => outcome === 'failed').length
    after = page.next
  } while (after !== undefined)
  return sum
}

const tasksPerPage = ({ isBusy, workers = 1 }: Work): number =>
  isBusy?.() === true ? Math.ceil(TASKS_WHEN_BUSY / workers) : TASKS_PER_PAGE
