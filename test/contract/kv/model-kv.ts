import { applyUpdate, holds } from '../../../shared/conditions.ts'
import {
  assertBatch,
  assertKey,
  assertOperation,
  assertQuery,
  assertTransaction,
  compareUtf8,
} from '../../../shared/limits.ts'
import type { Item, Key, Kv, TransactOperation } from '../../../shared/ports.ts'

const nameOf = ({ pk, sk }: Key): string => JSON.stringify([pk, sk])

const isOf = (item: Item, { pk, sk }: Key): boolean => item.pk === pk && item.sk === sk

const keyOf = (operation: TransactOperation): Key =>
  operation.op === 'put' ? operation.item : operation.key

/** The simplest thing that can be called a `Kv`: one map, one operation after the other, no pages. */
export const createModel = (): Kv => {
  let state = new Map<string, Item>()

  /** The map after some operations; they are all valid and none is refused. */
  const after = (operations: readonly TransactOperation[]): Map<string, Item> => {
    const next = new Map(state)
    for (const operation of operations) {
      const name = nameOf(keyOf(operation))
      if (operation.op === 'put') next.set(name, operation.item)
      if (operation.op === 'update') next.set(name, applyUpdate(next.get(name), operation))
      if (operation.op === 'delete') next.delete(name)
    }
    return next
  }

  const isRefused = (operation: TransactOperation): boolean =>
    !holds(state.get(nameOf(keyOf(operation))), operation.conditions)

  /** `async`, so that a broken limit rejects as it does elsewhere. */
  const later = async <T>(compute: () => T): Promise<T> => await Promise.resolve().then(compute)

  return {
    get: async (key) =>
      await later(() => {
        assertKey(key)
        return state.get(nameOf(key))
      }),
    batchGet: async (keys) =>
      await later(() => ({
        items: keys.map((key) => state.get(nameOf(key))).filter((item) => item !== undefined),
        unprocessed: [],
      })),
    query: async (query) =>
      await later(() => {
        assertQuery(query)
        const { pk, sk, after: behind, limit, reverse = false, keysOnly = false } = query
        const sign = reverse ? -1 : 1
        const items = [...state.values()]
          .filter((item) => item.pk === pk)
          .filter((item) => {
            if (sk === undefined) return true
            if ('prefix' in sk) return item.sk.startsWith(sk.prefix)
            return compareUtf8(sk.from, item.sk) <= 0 && compareUtf8(item.sk, sk.to) <= 0
          })
          .filter((item) => behind === undefined || sign * compareUtf8(item.sk, behind) > 0)
          .toSorted((a, b) => sign * compareUtf8(a.sk, b.sk))
        const page = items.slice(0, limit)
        return { items: keysOnly ? page.map((item) => ({ pk, sk: item.sk })) : page }
      }),
    scan: async ({ after: behind, limit }) =>
      await later(() => {
        const all = [...state.values()]
        const start = behind === undefined ? 0 : all.findIndex((one) => isOf(one, behind)) + 1
        const items = all.slice(start, limit === undefined ? undefined : start + limit)
        const last = items.at(-1)
        return last === undefined || last === all.at(-1)
          ? { items }
          : { items, next: { pk: last.pk, sk: last.sk } }
      }),
    write: async (operation) =>
      await later(() => {
        assertOperation(operation)
        if (isRefused(operation)) return 'refused'
        state = after([operation])
        return 'done'
      }),
    batchWrite: async (operations) =>
      await later(() => {
        assertBatch(operations)
        state = after(operations)
        return { unprocessed: [] }
      }),
    transact: async (operations) =>
      await later(() => {
        assertTransaction(operations)
        const reasons = operations.map((one) => (isRefused(one) ? 'condition' : undefined))
        // A change that its item cannot take is an error even where another one is refused.
        const next = after(operations.filter((_, index) => reasons[index] === undefined))
        if (reasons.includes('condition')) return { done: false, reasons }
        state = next
        return { done: true }
      }),
  }
}
