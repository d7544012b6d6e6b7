import type { Condition, TransactOperation, UpdateItem } from '../ports.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { parseGuard, type Guard } from './guard.ts'
import { reviewAfterRescue, type Guarded } from './guarded.ts'

/** The write that moves a guard from what was seen to another state, and only from that. */
const transition = (guard: Guard, state: Guard['state'], version: string): UpdateItem => ({
  op: 'update',
  key: guard.key,
  set: { state, version },
  conditions: [
    { kind: 'exists' },
    { kind: 'equals', name: 'version', value: guard.version },
    { kind: 'equals', name: 'state', value: guard.state },
  ],
})

/**
 * Makes a condemned guard LIVE for a holder that was written before, and has it reviewed later; false when somebody else
 * was faster. Whoever reviews it, and however many do, cannot hinder this.
 */
export const rescue = async (store: Store, guard: Guard, guarded: Guarded): Promise<boolean> =>
  (await transact(store, rescueWrites(store, guard, guarded))).done

/** `others`: what must hold of the guard besides. */
export const rescueWrites = (
  store: Store,
  guard: Guard,
  guarded: Guarded,
  others: readonly Condition[] = [],
): readonly TransactOperation[] => {
  const { conditions = [], ...write } = transition(guard, 'LIVE', store.ids.next())
  return [{ ...write, conditions: [...conditions, ...others] }, reviewAfterRescue(store, guarded)]
}

/** Makes a condemned guard LIVE because a review saw a holder; not when a later review has the say by now. */
export const release = async (store: Store, guard: Guard): Promise<Guard | undefined> => {
  const version = store.ids.next()
  const { conditions = [], ...write } = transition(guard, 'LIVE', version)
  return await compareAndSet(store, { ...guard, state: 'LIVE', version }, 'version', {
    ...write,
    conditions: [...conditions, isReviewedBy(guard.review)],
  })
}

/** Condemns a guard, or goes on with it as it is condemned already; the say is now with this review. */
export const review = async (store: Store, guard: Guard): Promise<Guard | undefined> => {
  const { reviewed, write } = reviewOf(store, guard)
  return await compareAndSet(store, reviewed, 'review', write)
}

/** The write by which `review` condemns a guard, and what that is then. */
export const reviewOf = (
  store: Store,
  guard: Guard,
): { readonly write: UpdateItem; readonly reviewed: Guard } => {
  const id = store.ids.next()
  const version = guard.state === 'CONDEMNED' ? guard.version : id
  const write = transition(guard, 'CONDEMNED', version)
  return {
    write: { ...write, set: { ...write.set, review: id } },
    reviewed: { ...guard, state: 'CONDEMNED', version, review: id },
  }
}

const isReviewedBy = (id: string | undefined) =>
  id === undefined
    ? ({ kind: 'attributeAbsent', name: 'review' } as const)
    : ({ kind: 'equals', name: 'review', value: id } as const)

/** A write of unknown outcome is settled by reading back whose mark is there. */
const compareAndSet = async (
  store: Store,
  moved: Guard,
  mark: 'version' | 'review',
  write: UpdateItem,
): Promise<Guard | undefined> => {
  let inDoubt = false
  return await retry(store, async () => {
    if (inDoubt) {
      const item = await store.kv.get(moved.key, 'strong')
      if (item === undefined) return undefined
      if (parseGuard(item)[mark] === moved[mark]) return moved
    }
    inDoubt = true
    const outcome = await store.kv.write(write)
    inDoubt = false
    if (outcome === 'conflict') return AGAIN
    return outcome === 'done' ? moved : undefined
  })
}
