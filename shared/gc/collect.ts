import { writeAll } from '../store/batch.ts'
import type { Result } from '../schedules/items.ts'
import { RUNS_KEPT } from '../schedules/runs.ts'
import type { Store } from '../store/store.ts'
import { parkedShards, taskShards } from '../table.ts'
import { enqueue } from '../tasks/tasks.ts'
import { countDue } from './due.ts'
import type { Gc } from './gc.ts'
import { createPolicies } from './policy.ts'
import type { GcParameters } from './parameters.ts'
import { NOTHING, resultOf, together, withOne, type Tally } from './tally.ts'
import { unpark } from './unpark.ts'
import { workOff, type Sum, type Work } from './work.ts'
import type { Trouble } from './work-page.ts'

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
  readonly isBusy?: Work['isBusy']
  /** Told what was deleted. */
  readonly deleted?: Gc['deleted']
  /** Given what asks for the sums so far. */
  readonly reportBy?: (report: () => Promise<Result>) => void
}

/** What one of several processes that collect for one run is told besides. */
export type Part = Omit<Collection, 'reportBy'> & {
  /** Of the queue; those of what is parked have the same numbers. */
  readonly shards: readonly number[]
  /** Whether what is parked was looked at. */
  readonly isUnparked: boolean
  /** What the others have deleted, and when the first of them began: limits are for all of them together. */
  readonly others: () => Tally
  readonly begunAt: number
  /** Given what asks for the sums so far, and what asks for what is due. */
  readonly reportBy: (report: {
    readonly sums: () => Result
    readonly facts: () => Promise<Result>
  }) => void
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
  const { gc, sums, tally, work, ...state } = begin(collection)
  collection.reportBy?.(async () => ({
    ...resultOf(tally()),
    tasks: sums.tasks,
    ...(await whatIsDue(gc)),
  }))
  if (collection.leavesParked !== true) await unpark(gc, work.isStopped)
  await workOff(gc, work, sums)
  return { ...tally(), ...sums, isLimited: state.isLimited() }
}

/** As `collectGarbage`, for some shards of the queue. */
export const collectPart = async (
  part: Part,
): Promise<Collected & { readonly isUnparked: boolean }> => {
  const { gc, sums, tally, work, ...state } = begin(part)
  part.reportBy({
    sums: () => ({ ...resultOf(tally()), tasks: sums.tasks, failed: sums.failed }),
    facts: async () => await whatIsDue(gc),
  })
  const only = (all: readonly string[]): readonly string[] =>
    part.shards.flatMap((shard) => all[shard] ?? [])
  const isUnparked = part.isUnparked || (await unpark(gc, work.isStopped, only(parkedShards())))
  await workOff(gc, work, sums, only(taskShards()))
  return { ...tally(), ...sums, isLimited: state.isLimited(), isUnparked }
}

const whatIsDue = async ({ context: { store } }: Gc): Promise<Result> => ({
  due: await countDue(store, MOST_COUNTED),
})

type Begun = Omit<Collection, 'reportBy'> & Partial<Pick<Part, 'others' | 'begunAt'>>

const begin = (collection: Begun) => {
  const { context, isBusy, others = () => NOTHING, parameters, run, troubled } = collection
  const { store } = context
  const { begunAt = store.clock.now() } = collection
  let tally = NOTHING
  let isLimited = false
  const isStopped = async (): Promise<boolean> => {
    if (await collection.isStopped()) return true
    isLimited ||= isOver(parameters, together(others(), tally), store.clock.now() - begunAt)
    return isLimited
  }
  const gc: Gc = {
    ...{ context, run, policyOf: createPolicies(store, parameters) },
    deleted: (what) => {
      tally = withOne(tally, what)
      collection.deleted?.(what)
    },
  }
  const work = { isStopped, troubled, isBusy, workers: parameters.workers }
  const sums: Sum = { tasks: 0, failed: 0, unknown: 0 }
  return { gc, work, sums, tally: () => tally, isLimited: () => isLimited }
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
