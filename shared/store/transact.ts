import type { TransactOperation, TransactOutcome } from '../ports.ts'
import { AGAIN, retry } from './retry.ts'
import type { Store } from './store.ts'

/**
 * Runs one transaction to a decision: conflicts with other writers and failures of unknown outcome are tried again
 * under the same token, so it is applied once or not at all. `done: false` means that a condition did not hold.
 * @throws PortError when no decision could be had
 */
export const transact = async (
  store: Store,
  operations: readonly TransactOperation[],
): Promise<TransactOutcome> => {
  const token = store.ids.next()
  return await retry<TransactOutcome>(store, async () => {
    const outcome = await store.kv.transact(operations, token)
    if (outcome.done || outcome.reasons.includes('condition')) return outcome
    return AGAIN
  })
}

/** Builds a transaction whose operations are named, so that a refusal can be read by name and not by position. */
export type NamedOperations = Readonly<Record<string, TransactOperation | undefined>>

export type NamedOutcome<Name extends string> =
  { readonly done: true } | { readonly done: false; readonly refused: ReadonlySet<Name> }

/** As `transact`; absent operations are left out, and a refusal names the operations whose conditions did not hold. */
export const transactNamed = async <Operations extends NamedOperations>(
  store: Store,
  operations: Operations,
): Promise<NamedOutcome<Extract<keyof Operations, string>>> => {
  const names: Extract<keyof Operations, string>[] = []
  const list: TransactOperation[] = []
  for (const name in operations) {
    const operation = operations[name]
    if (operation === undefined) continue
    names.push(name)
    list.push(operation)
  }
  const outcome = await transact(store, list)
  if (outcome.done) return outcome
  return {
    done: false,
    refused: new Set(names.filter((_, index) => outcome.reasons[index] === 'condition')),
  }
}
