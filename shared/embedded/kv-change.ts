import { applyUpdate, holds } from '../conditions.ts'
import type { BatchOperation, Item, Key, TransactOperation } from '../ports.ts'
import { keyText, readItem, storedItem } from './table-file.ts'
import type { TableFile } from './table-file.ts'

/**
 * What an operation will do to the table, checked as far as it can be before it is done; `undefined` when a condition
 * does not hold. To be called, and the change made, inside one transaction.
 */
export const preparedChange = (
  table: TableFile,
  operation: TransactOperation | BatchOperation,
): (() => void) | undefined => {
  const key: Key = operation.op === 'put' ? operation.item : operation.key
  const text = keyText(key)
  const conditions = 'conditions' in operation ? (operation.conditions ?? []) : []
  const before =
    operation.op === 'update' || conditions.length > 0 ? current(table, key) : undefined
  if (!holds(before, conditions)) return undefined
  switch (operation.op) {
    case 'put':
      return put(table, text, operation.item)
    case 'update':
      return put(table, text, applyUpdate(before, operation))
    case 'delete':
      return () => {
        table.removeSync(text)
      }
    case 'check':
      return () => undefined
    default:
      return operation satisfies never
  }
}

const current = (table: TableFile, key: Key): Item | undefined => {
  const stored = table.get(keyText(key))
  return stored === undefined ? undefined : readItem(key.pk, stored)
}

const put = (table: TableFile, text: string, item: Item): (() => void) => {
  const stored = storedItem(item)
  return () => {
    table.putSync(text, stored)
  }
}
