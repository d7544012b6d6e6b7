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
): Promise<TransactOutcome> => await decide(store, operations, () => false)

/** After so many conflicts at an item it is rather hot than unlucky. */
const CONTENDED = 3

/** `isYielding`: whether to give up, nothing done, when the operation at an index meets one conflict after another. */
const decide = async (
  store: Store,
  operations: readonly TransactOperation[],
  isYielding: (index: number) => boolean,
): Promise<TransactOutcome> => {
  const token = store.ids.next()
  let conflicts = 0
  let mayBeDone = false
  return await retry<TransactOutcome>(store, async () => {
    let outcome: TransactOutcome
    try {
      outcome = await store.kv.transact(operations, token)
    } catch (error) {
      mayBeDone = true
      throw error
    }
    if (outcome.done || outcome.reasons.includes('condition')) return outcome
    if (outcome.reasons.some((reason, index) => reason === 'conflict' && isYielding(index))) {
      conflicts += 1
    }
    return conflicts >= CONTENDED && !mayBeDone ? outcome : AGAIN
  })
}

/** Builds a transaction whose operations are named, so that a refusal can be read by name and not by position. */
export type NamedOperations = Readonly<Record<string, TransactOperation | undefined>>

export type NamedOutcome<Name extends string> =
  | { readonly done: true }
  /** `refused` is empty when other writers were met too often where `yieldsAt` says so. */
  | { readonly done: false; readonly refused: ReadonlySet<Name> }

/**
 * As `transact`; absent operations are left out, and a refusal names the operations whose conditions did not hold.
 * `yieldsAt` names those at whose items the caller would rather write something else than wait for other writers.
 */
export const transactNamed = async <Operations extends NamedOperations>(
  store: Store,
  operations: Operations,
  yieldsAt: (name: Extract<keyof Operations, string>) => boolean = () => false,
): Promise<NamedOutcome<Extract<keyof Operations, string>>> => {
  const names: Extract<keyof Operations, string>[] = []
  const list: TransactOperation[] = []
  for (const name in operations) {
    const operation = operations[name]
    if (operation === undefined) continue
    names.push(name)
    list.push(operation)
  }
  const outcome = await decide(store, list, (index) => names.slice(index, index + 1).some(yieldsAt))
  if (outcome.done) return outcome
  return {
    done: false,
    refused: new Set(names.filter((_, index) => outcome.reasons[index] === 'condition')),
  }
}
