import { createRepositories } from '../projects/repositories.ts'
import { overlayKv } from '../overlay/kv.ts'
import { overlayObjects } from '../overlay/objects.ts'
import { writeAll } from '../store/batch.ts'
import type { Store } from '../store/store.ts'
import { collectGarbage, type Collected, type Collection } from './collect.ts'
import type { Deleted } from './gc.ts'
import { lineOf } from './log.ts'
import { NOTHING, withOne } from './tally.ts'

/** A dry run holds in memory what it would delete; beyond this it says so and stops. */
const MOST_FORESEEN = 200_000
const YEAR_MS = 366 * 24 * 60 * 60_000
/** What becomes of one thing is over after a handful of tasks, each due a while after the one before. */
const MOST_YEARS = 30
const LINES_AT_ONCE = 1_000

/**
 * What a run would do now: the very same work, on a table and a bucket that only look as if it were done. The run's log
 * gets a line for each thing that would be deleted. Exact when nothing else happens meanwhile.
 */
export const foresee = async (
  collection: Omit<Collection, 'run'> & { readonly number: number },
): Promise<Collected> => {
  const { context, number, parameters } = collection
  const { store } = context
  const years = { passed: 0 }
  const clock = { ...store.clock, now: () => store.clock.now() + years.passed * YEAR_MS }
  const over: Store = { ...store, kv: overlayKv(store.kv), clock }
  const seen = {
    ...context,
    store: over,
    objects: overlayObjects(context.objects),
    repositories: createRepositories(over, { createProjectsOnPush: false }),
  }
  const foreseen: Deleted[] = []
  const collect = async (): Promise<Collected> =>
    await collectGarbage({
      ...collection,
      context: seen,
      parameters: limited(parameters, MOST_FORESEEN - foreseen.length),
      run: () => Promise.resolve(number),
      deleted: (what) => foreseen.push(what),
    })

  let collected = await collect()
  while (parameters.ignoresGrace && years.passed < MOST_YEARS && !collected.isLimited) {
    years.passed += 1
    const more = await collect()
    const { failed, tasks } = collected
    collected = { ...more, tasks: tasks + more.tasks, failed: failed + more.failed }
    if (more.tasks === 0 || (await collection.isStopped())) break
  }
  await tellAll(store, number, foreseen, collection.isStopped)
  return { ...collected, ...foreseen.reduce(withOne, NOTHING) }
}

const limited = (parameters: Collection['parameters'], most: number): Collection['parameters'] => ({
  ...parameters,
  maxObjects: Math.max(1, Math.min(parameters.maxObjects ?? Infinity, most)),
  // Its clock is not the one on the wall.
  maxMinutes: parameters.ignoresGrace ? undefined : parameters.maxMinutes,
})

const tellAll = async (
  store: Store,
  number: number,
  foreseen: readonly Deleted[],
  isStopped: Collection['isStopped'],
): Promise<void> => {
  for (let at = 0; at < foreseen.length; at += LINES_AT_ONCE) {
    if (await isStopped()) return
    const lines = foreseen.slice(at, at + LINES_AT_ONCE)
    await writeAll(
      store,
      lines.map((what) => lineOf(store, number, what, { isForeseen: true })),
    )
  }
}
