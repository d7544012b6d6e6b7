/** `Kv` on LMDB. Writers run one after the other, so nothing ever conflicts; reads are synchronous and lock nothing. */
import { chunks } from '../limiter.ts'
import {
  assertBatch,
  assertGetKeys,
  assertKey,
  assertOperation,
  assertTransaction,
} from '../limits.ts'
import { PortError } from '../ports.ts'
import type {
  Clock,
  Item,
  Key,
  Kv,
  TransactOperation,
  TransactOutcome,
  WriteOperation,
  WriteOutcome,
} from '../ports.ts'
import { guarded } from './failures.ts'
import { createGroupCommit } from './group-commit.ts'
import { preparedChange } from './kv-change.ts'
import { queryTable } from './kv-query.ts'
import { scanTable } from './kv-scan.ts'
import type { Room } from './room.ts'
import { keyText, readItem } from './table-file.ts'
import type { TableFile } from './table-file.ts'
import { createTokens } from './tokens.ts'

/** Writes with one call that share a commit whatever comes besides. */
const SLICE = 50

/** A `Kv` whose acknowledged writes are on disk and whose reads see every one of them. */
export const createKv = (table: TableFile, clock: Clock, room: Room): Kv => {
  const tokens = createTokens(clock)

  const read = (key: Key): Item | undefined => {
    const stored = table.get(keyText(key))
    return stored === undefined ? undefined : readItem(key.pk, stored)
  }

  const inGroup = createGroupCommit(table)
  const commit = async <T>(run: () => T, weight = 1): Promise<T> => {
    try {
      return await guarded('unknown', async () => await inGroup(run, weight))
    } catch (error) {
      // A page that fits only in part is an I/O error to LMDB.
      if (!(error instanceof PortError) || !(await room.isExhausted())) throw error
      throw new PortError('full', 'no room left on the disk', { cause: error.cause })
    }
  }

  const written = (operation: WriteOperation): WriteOutcome => {
    const change = preparedChange(table, operation)
    change?.()
    return change === undefined ? 'refused' : 'done'
  }

  const transacted = (operations: readonly TransactOperation[]): TransactOutcome => {
    // Every condition is looked at before the first write: the commit is shared, so it cannot be taken back.
    const changes = operations.map((operation) => preparedChange(table, operation))
    if (changes.includes(undefined)) {
      const reasons = changes.map((change) => (change ? undefined : 'condition'))
      return { done: false, reasons }
    }
    for (const change of changes) change?.()
    return { done: true }
  }

  /** Everything else in the process waits while one slice is worked on. */
  const slicewise = async <T, Outcome>(
    list: readonly T[],
    run: (one: T) => Outcome,
  ): Promise<readonly Outcome[]> => {
    const outcomes = await Promise.all(
      chunks(list, SLICE).map(async (slice) => await commit(() => slice.map(run), slice.length)),
    )
    return outcomes.flat()
  }

  return {
    get: async (key) => {
      assertKey(key)
      return await Promise.resolve(read(key))
    },

    batchGet: async (keys) => {
      assertGetKeys(keys)
      const items = keys.map(read).filter((item) => item !== undefined)
      return await Promise.resolve({ items, unprocessed: [] })
    },

    query: async (query) => await Promise.resolve(queryTable(table, query)),

    scan: async (scan) => await Promise.resolve(scanTable(table, scan)),

    write: async (operation) => {
      assertOperation(operation)
      return await commit(() => written(operation))
    },

    batchWrite: async (operations) => {
      assertBatch(operations)
      if (operations.length > 0) {
        await commit(() => {
          for (const change of operations.map((one) => preparedChange(table, one))) change?.()
        }, operations.length)
      }
      return { unprocessed: [] }
    },

    transact: async (operations, token) => {
      assertTransaction(operations)
      return await tokens.once(token, async () => await commit(() => transacted(operations)))
    },

    each: {
      write: async (operations) => {
        operations.forEach(assertOperation)
        return await slicewise(operations, written)
      },

      transact: async (transactions) => {
        transactions.forEach(assertTransaction)
        return await slicewise(transactions, transacted)
      },
    },
  }
}
