import type { Kv, TransactOperation, WriteOperation } from '../ports.ts'
import type { Store } from '../store/store.ts'

/**
 * A store whose first transaction or write that is done takes some more writes with it, all or nothing: for use cases
 * that consist of one, or make the others `beside` it. A write by itself becomes a transaction.
 */
export const carrying = (store: Store, more: readonly TransactOperation[]): Store => {
  let isDelivered = false

  const transact: Kv['transact'] = async (operations, token) => {
    if (isDelivered) return await store.kv.transact(operations, token)
    const outcome = await store.kv.transact([...operations, ...more], token)
    if (outcome.done) {
      isDelivered = true
      return outcome
    }
    return { ...outcome, reasons: reasonsFor(operations, outcome.reasons) }
  }

  const write = async (operation: WriteOperation): ReturnType<Kv['write']> => {
    if (isDelivered) return await store.kv.write(operation)
    const outcome = await transact([operation], store.ids.next())
    if (outcome.done) return 'done'
    return outcome.reasons[0] === 'condition' ? 'refused' : 'conflict'
  }

  const carrier = { ...store, kv: { ...store.kv, transact, write } }
  withoutLoad.set(carrier, store)
  return carrier
}

const withoutLoad = new WeakMap<Store, Store>()

/** The same store, but carrying nothing: for what a use case writes besides that by which it succeeds. */
export const beside = (store: Store): Store => withoutLoad.get(store) ?? store

type Reasons = Extract<Awaited<ReturnType<Kv['transact']>>, { done: false }>['reasons']

/** The caller knows of its own operations alone; when the others were in conflict, so is the first of its own. */
const reasonsFor = (operations: readonly unknown[], reasons: Reasons): Reasons => {
  const own = reasons.slice(0, operations.length)
  if (own.some((reason) => reason !== undefined)) return own
  return own.map((reason, index) => (index === 0 ? 'conflict' : reason))
}
