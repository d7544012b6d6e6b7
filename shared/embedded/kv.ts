/** `Kv` on LMDB. Writers run one after the other, so nothing ever conflicts; reads are synchronous and lock nothing. */
import {
  assertBatch,
  assertGetKeys,
  assertKey,
  assertOperation,
  assertTransaction,
} from '../limits.ts'
import { PortError } from '../ports.ts'
import type { Clock, Item, Key, Kv, TransactOutcome } from '../ports.ts'
import { guarded } from './failures.ts'
import { preparedChange } from './kv-change.ts'
import { queryTable } from './kv-query.ts'
import { scanTable } from './kv-scan.ts'
import type { Room } from './room.ts'
import { keyText, readItem } from './table-file.ts'
import type { TableFile } from './table-file.ts'
import { createTokens } from './tokens.ts'

/** A `Kv` whose acknowledged writes are on disk and whose reads see every one of them. */
export const createKv = (table: TableFile, clock: Clock, room: Room): Kv => {
  const tokens = createTokens(clock)

  const read = (key: Key): Item | undefined => {
    const stored = table.get(keyText(key))
    return stored === undefined ? undefined : readItem(key.pk, stored)
  }

  /** Concurrent transactions share a commit, and with it the flushes. */
  const commit = async <T>(run: () => T): Promise<T> => {
    try {
      return await guarded('unknown', async () => await table.transaction(run))
    } catch (error) {
      // A page that fits only in part is an I/O error to LMDB.
      if (!(error instanceof PortError) || !(await room.isExhausted())) throw error
      throw new PortError('full', 'no room left on the disk', { cause: error.cause })
    }
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
      return await commit(() => {
        const change = preparedChange(table, operation)
        change?.()
        return change === undefined ? 'refused' : 'done'
      })
    },

    batchWrite: async (operations) => {
      assertBatch(operations)
      if (operations.length > 0) {
        await commit(() => {
          for (const change of operations.map((one) => preparedChange(table, one))) change?.()
        })
      }
      return { unprocessed: [] }
    },

    transact: async (operations, token) => {
      assertTransaction(operations)
      return await tokens.once(
        token,
        async () =>
          await commit((): TransactOutcome => {
            // Every condition is looked at before the first write: the commit is shared, so it cannot be taken back.
            const changes = operations.map((operation) => preparedChange(table, operation))
            if (changes.includes(undefined)) {
              const reasons = changes.map((change) => (change ? undefined : 'condition'))
              return { done: false, reasons }
            }
            for (const change of changes) change?.()
            return { done: true }
          }),
      )
    },
  }
}
