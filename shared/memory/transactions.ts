import { holds } from '../conditions.ts'
import type { Key, TransactOperation, TransactOutcome } from '../ports.ts'
import { after } from './change.ts'
import { STORE, type Scheduler } from './scheduler.ts'
import { lockName, type Table } from './table.ts'

const keyOf = (operation: TransactOperation): Key =>
  operation.op === 'put' ? operation.item : operation.key

/**
 * Transactions as DynamoDB runs them: first every item is locked and every condition looked at, all at one moment; then
 * the items change one after the other, and a reader may come in between. Once decided, a transaction is carried out to
 * its end even if whoever asked for it is gone.
 */
export const createTransactions = (table: Table, scheduler: Scheduler) => {
  const done = new Set<string>()
  const underWay = new Map<string, Promise<TransactOutcome>>()

  const prepare = (operations: readonly TransactOperation[]): TransactOutcome => {
    const reasons = operations.map((operation) => {
      const key = keyOf(operation)
      if (table.locks.has(lockName(key))) return 'conflict' as const
      const item = table.get(key)
      if (!holds(item, operation.conditions)) return 'condition' as const
      // Throws for a change that its item cannot take, before any item changes.
      if (operation.op === 'update') after(item, operation)
      return undefined
    })
    return reasons.some((reason) => reason !== undefined)
      ? { done: false, reasons }
      : { done: true }
  }

  const apply = async (operations: readonly TransactOperation[]): Promise<void> => {
    const names = operations.map((operation) => lockName(keyOf(operation)))
    for (const name of names) table.lock(name)
    for (const [index, operation] of operations.entries()) {
      if (index > 0) await scheduler.turn(STORE)
      const key = keyOf(operation)
      if (operation.op !== 'check') table.set(key, after(table.get(key), operation))
      table.unlock(names[index] ?? '')
    }
  }

  const decide = async (
    operations: readonly TransactOperation[],
    token: string,
  ): Promise<TransactOutcome> => {
    const outcome = prepare(operations)
    if (!outcome.done) return outcome
    done.add(token)
    await apply(operations)
    return outcome
  }

  const run = async (
    operations: readonly TransactOperation[],
    token: string,
  ): Promise<TransactOutcome> => {
    const first = underWay.get(token)
    if (first !== undefined) return await first
    if (done.has(token)) return { done: true }
    const decided = decide(operations, token)
    underWay.set(token, decided)
    try {
      return await decided
    } finally {
      underWay.delete(token)
    }
  }

  return { run }
}
