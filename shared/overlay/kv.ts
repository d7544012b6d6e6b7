import { applyUpdate, holds } from '../conditions.ts'
import {
  assertBatch,
  assertGetKeys,
  assertItem,
  assertKey,
  assertOperation,
  assertQuery,
  assertScan,
  assertTransaction,
} from '../limits.ts'
import type {
  BatchOperation,
  Item,
  Key,
  Kv,
  ReadMode,
  TransactOperation,
  WriteOperation,
} from '../ports.ts'
import { createChanges, type Changes } from './changes.ts'
import { queryOver } from './query.ts'
import { scanOver } from './scan.ts'

/**
 * A table over another one: it reads what is there, and keeps to itself what is written. So whatever works on a `Kv` can
 * be asked what it would do, and nothing of it is done. Holds in memory what was written, and what writes looked at.
 */
export const overlayKv = (below: Kv): Kv => {
  const changes = createChanges()
  const tokens = new Set<string>()

  /** From here on the item is as it was at this moment, whatever becomes of it below. */
  const load = async (key: Key): Promise<void> => {
    if (changes.has(key)) return
    const item = await below.get(key, 'strong')
    if (!changes.has(key)) changes.set(key, item)
  }
  /** A copy: what a caller does to it changes nothing here. */
  const get = async (key: Key, mode: ReadMode): Promise<Item | undefined> =>
    changes.has(key) ? structuredClone(changes.get(key)) : await below.get(key, mode)

  return {
    get: async (key, mode) => {
      assertKey(key)
      return await get(key, mode)
    },
    batchGet: async (keys, mode) => {
      assertGetKeys(keys)
      const others = keys.filter((key) => !changes.has(key))
      const known = keys.flatMap((key) => structuredClone(changes.get(key)) ?? [])
      if (others.length === 0) return { items: known, unprocessed: [] }
      const { items, unprocessed } = await below.batchGet(others, mode)
      return { items: [...known, ...items], unprocessed }
    },
    query: async (query) => {
      assertQuery(query)
      return await queryOver(below, changes, query)
    },
    scan: async (scan) => {
      assertScan(scan)
      return await scanOver(below, changes, scan)
    },
    write: async (operation) => {
      assertOperation(operation)
      await load(keyOf(operation))
      return change(changes, [operation]) === undefined ? 'done' : 'refused'
    },
    batchWrite: async (operations) => {
      assertBatch(operations)
      await Promise.resolve()
      change(changes, operations)
      return { unprocessed: [] }
    },
    transact: async (operations, token) => {
      assertTransaction(operations)
      await Promise.all(
        operations.map(async (operation) => {
          await load(keyOf(operation))
        }),
      )
      if (tokens.has(token)) return { done: true }
      const reasons = change(changes, operations)
      if (reasons !== undefined) return { done: false, reasons }
      tokens.add(token)
      return { done: true }
    },
  }
}

type Operation = WriteOperation | BatchOperation | TransactOperation

const keyOf = (operation: Operation): Key =>
  operation.op === 'put' ? operation.item : operation.key

/** All of them, in one stroke, or none; answers why not. */
const change = (
  changes: Changes,
  operations: readonly Operation[],
): readonly (undefined | 'condition')[] | undefined => {
  const reasons = operations.map((operation) => {
    const conditions = 'conditions' in operation ? (operation.conditions ?? []) : []
    return holds(changes.get(keyOf(operation)), conditions) ? undefined : 'condition'
  })
  // What an item cannot take fails whatever becomes of the others; but first its own condition is looked at.
  const items = operations.map((operation, index) =>
    reasons[index] === undefined ? after(changes.get(keyOf(operation)), operation) : undefined,
  )
  if (reasons.some((reason) => reason !== undefined)) return reasons
  for (const [index, operation] of operations.entries()) {
    if (operation.op !== 'check') changes.set(keyOf(operation), items[index])
  }
  return undefined
}

const after = (item: Item | undefined, operation: Operation): Item | undefined => {
  switch (operation.op) {
    case 'put':
      return structuredClone(operation.item)
    case 'delete':
      return undefined
    case 'update': {
      const updated = applyUpdate(item, operation)
      assertItem(updated)
      return updated
    }
    case 'check':
      return item
  }
}
