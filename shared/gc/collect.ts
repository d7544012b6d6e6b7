import { writeAll } from '../store/batch.ts'
import type { Result } from '../schedules/items.ts'
import { RUNS_KEPT } from '../schedules/runs.ts'
import type { Store } from '../store/store.ts'
import { enqueue } from '../tasks/tasks.ts'
import { countDue } from './due.ts'
import type { Gc } from './gc.ts'
import { createPolicies } from './policy.ts'
import type { GcParameters } from './parameters.ts'
import { NOTHING, resultOf, withOne, type Tally } from './tally.ts'
import { unpark } from './unpark.ts'
import { workOff, type Trouble } from './work.ts'

const MINUTE_MS = 60_000
/** What is due is counted no further while it is worked off. */
const MOST_COUNTED = 10_000

export type Collection = {
  readonly context: Gc['context']
  readonly parameters: GcParameters
  readonly run: Gc['run']
  /**
   * Manifests that nobody wanted deleted are not asked about again, for there may be very many of them. A project that
   * changes its mind has its own looked at; what only the run decides is for runs that somebody asked for.
   */
  readonly leavesParked?: boolean
  readonly isStopped: () => Promise<boolean> | boolean
  readonly troubled: (trouble: Trouble) => void
  /** Told what was deleted. */
  readonly deleted?: Gc['deleted']
  /** Given what asks for the sums so far. */
  readonly reportBy?: (report: () => Promise<Result>) => void
}

export type Collected = Tally & {
  /** Tasks that were worked on. */
  readonly tasks: number
  readonly failed: number
  /** Written by a newer version, and left alone. */
  readonly unknown: number
  /** A limit that was given ended it. */
  readonly isLimited: boolean
}

/** Works off what is due, within the limits that were given. */
export const collectGarbage = async (collection: Collection): Promise<Collected> => {
  const { context, parameters, run, troubled } = collection
  const { store } = context
  const begun = store.clock.now()
  let tally = NOTHING
  let isLimited = false
  const isStopped = async (): Promise<boolean> => {
    if (await collection.isStopped()) return true
    isLimited ||= isOver(parameters, tally, store.clock.now() - begun)
    return isLimited
  }
  const gc: Gc = {
    ...{ context, run, policyOf: createPolicies(store, parameters) },
    deleted: (what) => {
      tally = withOne(tally, what)
      collection.deleted?.(what)
    },
  }
  const work = { isStopped, troubled, workers: parameters.workers }
  const sums = { tasks: 0, failed: 0, unknown: 0 }
  collection.reportBy?.(async () => ({
    ...resultOf(tally),
    tasks: sums.tasks,
    due: await countDue(store, MOST_COUNTED),
  }))
  if (collection.leavesParked !== true) await unpark(gc, isStopped)
  await workOff(gc, work, sums)
  return { ...tally, ...sums, isLimited }
}

const isOver = (
  { maxBytes = Infinity, maxMinutes = Infinity, maxObjects = Infinity }: GcParameters,
  { blobs, manifests, objects, freedBytes }: Tally,
  took: number,
): boolean =>
  manifests + blobs + objects >= maxObjects ||
  freedBytes >= maxBytes ||
  took >= maxMinutes * MINUTE_MS

/** Has the log deleted of the run that the history forgets as this one begins; those before it, in case nobody did. */
export const forgetLogs = async (store: Store, run: number): Promise<void> => {
  const now = store.clock.now()
  const forgotten = [run - RUNS_KEPT, run - RUNS_KEPT - 1].filter((number) => number > 0)
  await writeAll(
    store,
    forgotten.map((number) => enqueue(store.ids, now, { type: 'LOG_DELETE', run: number })),
  )
}
