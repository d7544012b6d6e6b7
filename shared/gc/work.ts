import { createLimiter } from '../limiter.ts'
import type { Item } from '../ports.ts'
import { writeAll } from '../store/batch.ts'
import { pages } from '../store/query.ts'
import { transact } from '../store/transact.ts'
import { dueTasks, key, SCHEMA_VERSION, taskShards } from '../table.ts'
import { parseTask, type QueuedTask } from '../tasks/parse.ts'
import { enqueue, type TaskOf } from '../tasks/tasks.ts'
import { deleteObjects } from './delete-objects.ts'
import type { Gc, Outcome } from './gc.ts'
import { handle } from './handle.ts'

const TASKS_PER_PAGE = 200
const TASKS_AT_ONCE = 32
const FIRST_BACK_OFF_MS = 1_000
const DAY_MS = 24 * 60 * 60_000
/** After so many failures a task is put on the shelf: it is tried again once a day, for ever. */
const ATTEMPTS = 10

export type Work = {
  /** Asked between pages: true ends it. What is done by then is done. */
  readonly isStopped: () => boolean | Promise<boolean>
  /** Told of a task that failed and will be tried again. */
  readonly troubled: (trouble: Trouble) => void
  /** Shards that are worked off side by side; 1 if absent. */
  readonly workers?: number
}

export type Trouble = { readonly type: string; readonly attempts: number; readonly error: unknown }

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
  const query = { pk, sk: dueTasks(store.clock.now()), limit: TASKS_PER_PAGE } as const
  for await (const items of pages(store, { ...query, read: 'strong' })) {
    if (await work.isStopped()) break
    const known = items.map(parseTask).filter((task) => task !== undefined)
    sum.unknown += items.length - known.length
    const outcomes = await workOffPage(gc, known, work)
    sum.tasks += known.length
    sum.failed += outcomes.filter((outcome) => outcome === 'failed').length
  }
  return sum
}

const isObjectTask = (
  queued: QueuedTask,
): queued is QueuedTask & { readonly task: TaskOf<'OBJECT_DELETE'> } =>
  queued.task.type === 'OBJECT_DELETE'

/** Deletions of objects go together, everything else one by one and side by side. */
const workOffPage = async (
  gc: Gc,
  page: readonly QueuedTask[],
  work: Work,
): Promise<readonly ('worked' | 'failed')[]> => {
  const ofObjects = page.filter(isObjectTask)
  const limiter = createLimiter(TASKS_AT_ONCE)
  const sideBySide = async (tasks: readonly QueuedTask[]) =>
    await Promise.all(tasks.map(async (queued) => await limiter(async () => await one(queued))))
  const together = async (): Promise<readonly ('worked' | 'failed')[]> => {
    try {
      const outcomes = await deleteObjects(
        gc,
        ofObjects.map(({ task }) => task),
      )
      await Promise.all(
        ofObjects.map(async (queued, index) => {
          await settle(gc, queued, outcomes[index] ?? 'done')
        }),
      )
      return ofObjects.map(() => 'worked')
    } catch {
      // One of them may be to blame: each for itself.
      return await sideBySide(ofObjects)
    }
  }
  const one = async (queued: QueuedTask): Promise<'worked' | 'failed'> => {
    try {
      await settle(gc, queued, await handle(gc, queued))
      return 'worked'
    } catch (error) {
      await postpone(gc, queued)
      work.troubled({ type: queued.task.type, attempts: queued.attempts + 1, error })
      return 'failed'
    }
  }
  const others = page.filter((queued) => !isObjectTask(queued))
  const [first, second] = [await sideBySide(others), ofObjects.length === 0 ? [] : await together()]
  return [...first, ...second]
}

/** Takes a task off its queue; what follows from it is there already, or comes in the same stroke. */
const settle = async (gc: Gc, queued: QueuedTask, outcome: Outcome): Promise<void> => {
  const { store } = gc.context
  const { key: at, task } = queued
  const removal = { op: 'delete', key: at } as const
  if (outcome === 'done') {
    await writeAll(store, [removal])
    return
  }
  if (outcome === 'parked') {
    await transact(store, [removal, ...parked(gc, queued)])
    return
  }
  await transact(store, [removal, enqueue(store.ids, outcome.again, outcome.task ?? task)])
}

/** One place for each manifest; its `cause` tells a later review from the one that somebody works off. */
const parked = ({ context: { store } }: Gc, { dueAt, task }: QueuedTask) => {
  if (task.type !== 'MANIFEST_REVIEW') return []
  const { digest, pid, rid, since = dueAt, type } = task
  const item: Item = {
    ...key.parkedReview(rid, digest),
    v: SCHEMA_VERSION,
    ...{ type, pid, rid, digest, since, dueAt },
    attempts: 0,
    cause: store.ids.next(),
  }
  return [{ op: 'put' as const, item }]
}

/** Puts a task off that failed, the longer the oftener it did. */
const postpone = async ({ context: { store } }: Gc, queued: QueuedTask): Promise<void> => {
  const attempts = queued.attempts + 1
  const wait = attempts >= ATTEMPTS ? DAY_MS : FIRST_BACK_OFF_MS * 2 ** attempts
  const put = enqueue(store.ids, store.clock.now() + wait, queued.task)
  await transact(store, [
    { op: 'delete', key: queued.key, conditions: [{ kind: 'exists' }] },
    { ...put, item: { ...put.item, attempts } },
  ])
}
