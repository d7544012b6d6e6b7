import { sideBySide } from '../limiter.ts'
import type { TransactOperation, TransactOutcome, WriteOperation, WriteOutcome } from '../ports.ts'
import type { Store } from './store.ts'
import { transact } from './transact.ts'

/**
 * Makes many writes, each on its own; the answers come in their order.
 * @throws PortError when it is unknown what became of some; who calls looks again
 */
export const writeEach = async (
  { kv }: Store,
  operations: readonly WriteOperation[],
): Promise<readonly WriteOutcome[]> =>
  kv.each === undefined
    ? await sideBySide(operations, async (operation) => await kv.write(operation))
    : await kv.each.write(operations)

/**
 * Runs many transactions, each to its own decision as `transact` does; the answers come in their order.
 * @throws PortError when no decision could be had about some
 */
export const transactEach = async (
  store: Store,
  transactions: readonly (readonly TransactOperation[])[],
): Promise<readonly TransactOutcome[]> =>
  store.kv.each === undefined
    ? await sideBySide(transactions, async (operations) => await transact(store, operations))
    : await store.kv.each.transact(transactions)
