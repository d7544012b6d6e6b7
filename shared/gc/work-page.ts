import { sideBySide } from '../limiter.ts'
import type { Item, PutItem } from '../ports.ts'
import { replaceEach } from '../store/each.ts'
import { transact } from '../store/transact.ts'
import { key, SCHEMA_VERSION } from '../table.ts'
import type { QueuedTask } from '../tasks/parse.ts'
import { enqueue } from '../tasks/tasks.ts'
import type { Gc, Outcome } from './gc.ts'
import { groupsOf, handle } from './handle.ts'

const FIRST_BACK_OFF_MS = 1_000
const DAY_MS = 24 * 60 * 60_000
/** After so many failures a task is put on the shelf: it is tried again once a day, for ever. */
const ATTEMPTS = 10

/** A task that failed. */
export type Trouble = { readonly type: string; readonly attempts: number; readonly error: unknown }

type Handled = { readonly queued: QueuedTask; readonly outcome: Outcome }

/**
 * Works off some tasks: together what is cheaper together, everything else one by one and side by side. One that fails is put
 * off, and told of; answers what became of each, in no order.
 */
export const workOffPage = async (
  gc: Gc,
  page: readonly QueuedTask[],
  troubled: (trouble: Trouble) => void,
): Promise<readonly ('worked' | 'failed')[]> => {
  const handled: Handled[] = []
  const outcomes: ('worked' | 'failed')[] = []
  const orLater = async (queued: QueuedTask, run: () => Promise<void>): Promise<void> => {
    try {
      await run()
    } catch (error) {
      await postpone(gc, queued)
      outcomes.push('failed')
      troubled({ type: queued.task.type, attempts: queued.attempts + 1, error })
    }
  }
  const one = async (queued: QueuedTask): Promise<void> => {
    await orLater(queued, async () => {
      handled.push({ queued, outcome: await handle(gc, queued) })
    })
  }
  const groups = groupsOf(gc, page)
  const isGrouped = new Set(groups.flatMap(({ queued }) => queued))
  await sideBySide(
    page.filter((queued) => !isGrouped.has(queued)),
    one,
  )
  for (const { queued, work: together } of groups) {
    try {
      const ofThem = await together()
      handled.push(
        ...queued.map((each, index) => ({ queued: each, outcome: ofThem[index] ?? 'done' })),
      )
    } catch {
      // One of them may be to blame: each for itself.
      await sideBySide(queued, one)
    }
  }
  try {
    await settle(gc, handled)
    outcomes.push(...handled.map(() => 'worked' as const))
  } catch {
    await sideBySide(handled, async (each) => {
      await orLater(each.queued, async () => {
        await settle(gc, [each])
        outcomes.push('worked')
      })
    })
  }
  return outcomes
}

/** Takes tasks off their queues, many with one call, once what follows from them is in its own. */
const settle = async (gc: Gc, handled: readonly Handled[]): Promise<void> => {
  const { store } = gc.context
  const following = ({ outcome, queued }: Handled): readonly PutItem[] => {
    if (outcome === 'done') return []
    // Of several reviews of one manifest the last is parked.
    if (outcome === 'parked') return parked(gc, queued)
    return [enqueue(store.ids, outcome.again, outcome.task ?? queued.task)]
  }
  await replaceEach(
    store,
    handled.map((each) => ({ key: each.queued.key, by: following(each) })),
  )
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
