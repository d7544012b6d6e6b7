import type { Item, Key, TransactOperation } from '../ports.ts'
import { getItem, queryPage } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { parseGuard, type Guard } from './guard.ts'
import { release, review } from './transition.ts'

const HOLDERS_PER_PAGE = 25

/** Where a guard's holders are, and which of the items there hold it: an expired lease does not. */
export type Holders = {
  readonly pk: string
  readonly prefix: string
  readonly holds: (item: Item) => boolean
}

/** `absent`: there was nothing to collect. `held`: a holder was seen. `empty`: condemned, and nobody holds it. */
export type Examined =
  { readonly outcome: 'absent' | 'held' } | { readonly outcome: 'empty'; readonly guard: Guard }

/**
 * Condemns a guard and then, only then, looks for holders. A held guard is made LIVE again. An empty one stays
 * CONDEMNED under the version answered here; `removal` deletes it if nobody rescued it meanwhile.
 */
export const examine = async (store: Store, key: Key, holders: Holders): Promise<Examined> => {
  for (;;) {
    const condemned = await condemn(store, key)
    if (condemned === undefined) return { outcome: 'absent' }
    const examined = await judge(store, condemned, holders)
    if (examined !== 'overruled') return examined
    // The later review may be of a process that is no more, and of the very task that is done with this answer.
    if (await isSettled(store, key)) return { outcome: 'held' }
  }
}

const LOOKS = 10
const BETWEEN_LOOKS_MS = 20

/** Waits for who has the say over a condemned guard. `false`: it takes too long. */
const isSettled = async (store: Store, key: Key): Promise<boolean> => {
  for (let look = 0; look < LOOKS; look += 1) {
    await store.clock.sleep(BETWEEN_LOOKS_MS)
    const item = await getItem(store, key, 'strong')
    if (item?.['state'] !== 'CONDEMNED') return true
  }
  return false
}

/**
 * Goes on with a trial that waited, under the version that `examine` answered then, with its guard as it was seen just
 * now. `absent`: that trial is over, for the guard was rescued, released, or removed.
 */
export const goOn = async (
  store: Store,
  guard: Guard | undefined,
  version: string,
  holders: Holders,
): Promise<Examined> => {
  if (guard?.state !== 'CONDEMNED' || guard.version !== version) return { outcome: 'absent' }
  const examined = await judge(store, guard, holders)
  // A later review has a task of its own, which stays until it has come to an end.
  return examined === 'overruled' ? { outcome: 'held' } : examined
}

/** `overruled`: it is held, but a later review has the say, and the guard is condemned. */
export const judge = async (
  store: Store,
  condemned: Guard,
  holders: Holders,
): Promise<Examined | 'overruled'> => {
  if (!(await isHeld(store, holders))) return { outcome: 'empty', guard: condemned }
  if ((await release(store, condemned)) !== undefined) return { outcome: 'held' }
  const item = await getItem(store, condemned.key, 'strong')
  // A push may have rescued it first.
  return item?.['state'] === 'CONDEMNED' ? 'overruled' : { outcome: 'held' }
}

/**
 * Puts a guard on trial: LIVE to CONDEMNED, or goes on with a trial that somebody left. The query for holders may
 * begin only after this has answered, for only then has the condemned state been observed.
 *
 * Those who review one trial share its version, so whichever comes first may end it. To release the guard is only for
 * the one that came last. Else an early one that saw a holder, and is slow to say so, would undo what a later one has
 * found out after that holder went; and nobody would look again.
 */
export const condemn = async (store: Store, key: Key): Promise<Guard | undefined> => {
  for (;;) {
    const item = await getItem(store, key, 'strong')
    if (item === undefined) return undefined
    const condemned = await review(store, parseGuard(item))
    if (condemned !== undefined) return condemned
  }
}

/** Whether there is a holder, by a strong look. */
export const isHeld = async (store: Store, { pk, prefix, holds }: Holders): Promise<boolean> => {
  const query = { pk, sk: { prefix }, limit: HOLDERS_PER_PAGE, read: 'strong' } as const
  let page = await queryPage(store, query)
  for (;;) {
    if (page.items.some(holds)) return true
    if (page.next === undefined) return false
    page = await queryPage(store, { ...query, after: page.next })
  }
}

/** The write that ends a trial: it fails when the guard was rescued or is under another trial by now. */
export const removal = (guard: Guard): TransactOperation => ({
  op: 'delete',
  key: guard.key,
  conditions: [
    { kind: 'exists' },
    { kind: 'equals', name: 'version', value: guard.version },
    { kind: 'equals', name: 'state', value: 'CONDEMNED' },
  ],
})
