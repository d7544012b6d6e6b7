/** As `collect.ts`, for many guards with few calls. The order is the same for each of them. */
import { sideBySide } from '../limiter.ts'
import type { Key } from '../ports.ts'
import { readAll } from '../store/batch.ts'
import { writeEach } from '../store/each.ts'
import type { Store } from '../store/store.ts'
import { examine, goOn, judge, type Examined, type Holders } from './collect.ts'
import { parseGuard, type Guard } from './guard.ts'
import { reviewOf } from './transition.ts'

export type Suspect = { readonly key: Key; readonly holders: Holders }

/** Condemns guards, and looks for the holders of each when that is acknowledged. */
export const examineEach = async (
  store: Store,
  suspects: readonly Suspect[],
): Promise<readonly Examined[]> => {
  const guards = await readGuards(store, suspects)
  const reviews = guards.flatMap((guard, index) =>
    guard === undefined ? [] : [{ index, ...reviewOf(store, guard) }],
  )
  const outcomes = await writeEach(
    store,
    reviews.map(({ write }) => write),
  )
  const condemned = new Map(
    reviews
      .filter((_, at) => outcomes[at] === 'done')
      .map(({ index, reviewed }) => [index, reviewed]),
  )
  return await sideBySide(suspects, async ({ key, holders }, index) => {
    if (guards[index] === undefined) return ABSENT
    const guard = condemned.get(index)
    const examined = guard === undefined ? 'overruled' : await judge(store, guard, holders)
    // Somebody else was there meanwhile.
    return examined === 'overruled' ? await examine(store, key, holders) : examined
  })
}

/** Goes on with trials that waited, each under the version that `examine` answered then. */
export const resumeEach = async (
  store: Store,
  suspects: readonly (Suspect & { readonly version: string })[],
): Promise<readonly Examined[]> => {
  const guards = await readGuards(store, suspects)
  return await sideBySide(
    suspects,
    async ({ holders, version }, index) => await goOn(store, guards[index], version, holders),
  )
}

const ABSENT: Examined = { outcome: 'absent' }

const readGuards = async (
  store: Store,
  suspects: readonly Suspect[],
): Promise<readonly (Guard | undefined)[]> => {
  const keys = suspects.map(({ key }) => key)
  const found = await readAll(store, keys, 'strong')
  return keys.map((key) => {
    const item = found.get(key)
    return item && parseGuard(item)
  })
}
