import { holds } from '../conditions.ts'
import {
  assertBatch,
  assertGetKeys,
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
  Query,
  ReadMode,
  Scan,
  WriteOperation,
} from '../ports.ts'
import { after, copyOf } from './change.ts'
import { troubledRead, troubledWrite, type Troubled } from './faults.ts'
import { runQuery } from './query.ts'
import { runScan } from './scan.ts'
import type { Actor } from './scheduler.ts'
import { lockName, type Table } from './table.ts'
import type { createTransactions } from './transactions.ts'

export type Transactions = ReturnType<typeof createTransactions>

/** Items that a query sees at its first moment, at most, when it sees them at two. */
const FEW = 5

/** `Kv` in memory, with DynamoDB's guarantees and whatever trouble the world has in store. */
export const createMemoryKv = (
  world: Troubled,
  table: Table,
  transactions: Transactions,
  actor: Actor,
): Kv => {
  const { random, faults } = world

  /** A copy: what a caller does to it changes nothing that is stored. */
  const read = (key: Key, mode: ReadMode): Item | undefined =>
    copyOf(
      mode === 'eventual' && random.chance(faults.stale)
        ? table.getStale(key, random)
        : table.get(key),
    )

  /** Some of a batch, at least one, when the world is so inclined. */
  const partOf = <T>(list: readonly T[]): readonly T[] =>
    list.length > 1 && random.chance(faults.unprocessed)
      ? list.slice(0, 1 + random.below(list.length - 1))
      : list

  return {
    get: async (key, mode) => {
      assertKey(key)
      return await troubledRead(world, actor, () => read(key, mode))
    },
    batchGet: async (keys, mode) => {
      assertGetKeys(keys)
      const get = async (some: readonly Key[]) =>
        await troubledRead(world, actor, () => {
          const done = partOf(some)
          const items = done.flatMap((key) => read(key, mode) ?? [])
          return { items, unprocessed: some.slice(done.length) }
        })
      if (!random.chance(faults.torn)) return await get(keys)
      const middle = random.below(keys.length + 1)
      const [first, rest] = [await get(keys.slice(0, middle)), await get(keys.slice(middle))]
      return {
        items: [...first.items, ...rest.items],
        unprocessed: [...first.unprocessed, ...rest.unprocessed],
      }
    },
    query: async (query) => {
      assertQuery(query)
      const run = async (part: Query) =>
        await troubledRead(world, actor, () =>
          runQuery(table.sortKeys(part.pk), part, (key) => read(key, part.read)),
        )
      if (!random.chance(faults.torn)) return await run(query)
      const { limit = FEW } = query
      const first = await run({ ...query, limit: 1 + random.below(Math.min(limit, FEW)) })
      const left = limit - first.items.length
      if (first.next === undefined || left === 0) return first
      const rest = await run({
        ...query,
        after: first.next,
        ...(query.limit !== undefined && { limit: left }),
      })
      return { ...rest, items: [...first.items, ...rest.items] }
    },
    scan: async (scan) => {
      assertScan(scan)
      const run = async (part: Scan) =>
        await troubledRead(world, actor, () =>
          runScan(table.items(), part, (key) => read(key, part.read)),
        )
      if (!random.chance(faults.torn)) return await run(scan)
      const { limit = FEW } = scan
      const first = await run({ ...scan, limit: 1 + random.below(limit) })
      const left = limit - first.items.length
      if (first.next === undefined || left < 1) return first
      const rest = await run({ ...scan, after: first.next, limit: left })
      return { ...rest, items: [...first.items, ...rest.items] }
    },
    write: async (operation) => {
      assertOperation(operation)
      return await troubledWrite(world, actor, () => write(table, operation))
    },
    batchWrite: async (operations) => {
      assertBatch(operations)
      return await troubledWrite(world, actor, () => {
        const done = partOf(operations)
        const locked = done.filter((operation) => !writeUnconditionally(table, operation))
        return { unprocessed: [...locked, ...operations.slice(done.length)] }
      })
    },
    transact: async (operations, token) => {
      assertTransaction(operations)
      return await troubledWrite(
        world,
        actor,
        async () => await transactions.run(operations, token),
      )
    },
  }
}

const keyOf = (operation: WriteOperation | BatchOperation): Key =>
  operation.op === 'put' ? operation.item : operation.key

const write = (table: Table, operation: WriteOperation): 'done' | 'refused' | 'conflict' => {
  const key = keyOf(operation)
  if (table.locks.has(lockName(key))) return 'conflict'
  const item = table.get(key)
  if (!holds(item, operation.conditions)) return 'refused'
  table.set(key, after(item, operation))
  return 'done'
}

const writeUnconditionally = (table: Table, operation: BatchOperation): boolean =>
  write(table, operation) === 'done'
