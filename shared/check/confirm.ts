import { PortError, type CheckItem, type Condition, type Item, type Key } from '../ports.ts'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'

/**
 * Whether all of this is so at one and the same moment, in the middle of no transaction: what was read one by one may be
 * half of something that was under way. Items that everybody writes to are taken to be in order.
 */
export const isSo = async (store: Store, checks: readonly CheckItem[]): Promise<boolean> => {
  try {
    return (await transact(store, checks)).done
  } catch (error) {
    if (error instanceof PortError && error.failure === 'throttled') return false
    throw error
  }
}

export const isAbsent = ({ pk, sk }: Key): CheckItem => ({
  op: 'check',
  key: { pk, sk },
  conditions: [{ kind: 'absent' }],
})

export const isThere = ({ pk, sk }: Key): CheckItem => ({
  op: 'check',
  key: { pk, sk },
  conditions: [{ kind: 'exists' }],
})

/** Some attributes of an item, or their absence, as they were seen. */
export const conditionsOf = (item: Item, names: readonly string[]): readonly Condition[] => [
  { kind: 'exists' },
  ...names.map((name): Condition => {
    const value = item[name]
    return value === undefined ? { kind: 'attributeAbsent', name } : { kind: 'equals', name, value }
  }),
]

export const isAsSeen = (item: Item, ...names: readonly string[]): CheckItem => ({
  op: 'check',
  key: { pk: item.pk, sk: item.sk },
  conditions: conditionsOf(item, names),
})

/** Where nothing was seen, there is nothing. */
export const isAsFound = (
  key: Key,
  item: Item | undefined,
  ...names: readonly string[]
): CheckItem => (item === undefined ? isAbsent(key) : isAsSeen(item, ...names))
