import { sideBySide } from '../limiter.ts'
import type {
  Key,
  PutItem,
  TransactOperation,
  TransactOutcome,
  WriteOperation,
  WriteOutcome,
} from '../ports.ts'
import { nameOf, writeAll } from './batch.ts'
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

/**
 * Puts what is to take the place of some items, and deletes those; none goes before its successors are there. Where that
 * costs no more, both happen at once.
 */
export const replaceEach = async (
  store: Store,
  replacements: readonly { readonly key: Key; readonly by: readonly PutItem[] }[],
): Promise<void> => {
  if (store.kv.each !== undefined) {
    await store.kv.each.transact(
      replacements.map(({ by, key }) => [...by, { op: 'delete', key } as const]),
    )
    return
  }
  // Of several with one key the last one counts: a batch takes no key twice.
  const distinct = new Map(
    replacements.flatMap(({ by }) => by.map((put) => [nameOf(put.item), put])),
  )
  await writeAll(store, [...distinct.values()])
  await writeAll(
    store,
    replacements.map(({ key }) => ({ op: 'delete', key })),
  )
}
