import type { CheckItem, Condition, Item, Key } from '../ports.ts'

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
export const asSeen = (item: Item, ...names: readonly string[]): readonly Condition[] => [
  { kind: 'exists' },
  ...names.map((name): Condition => {
    const value = item[name]
    return value === undefined ? { kind: 'attributeAbsent', name } : { kind: 'equals', name, value }
  }),
]

export const isAsSeen = (item: Item, ...names: readonly string[]): CheckItem => ({
  op: 'check',
  key: { pk: item.pk, sk: item.sk },
  conditions: asSeen(item, ...names),
})

/** Where nothing was seen, there is nothing. */
export const isAsFound = (
  key: Key,
  item: Item | undefined,
  ...names: readonly string[]
): CheckItem => (item === undefined ? isAbsent(key) : isAsSeen(item, ...names))
