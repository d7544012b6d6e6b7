import type { UpdateItem } from '../ports.ts'
import type { Counter } from '../store/numbers.ts'
import { key, SCHEMA_VERSION, type CounterName } from '../table.ts'

/**
 * As `countWithNumber`, for numbers that need not follow the last one at once, or of things that need not be counted;
 * refused when somebody else took a number in between.
 */
export const takeNumber = (
  of: CounterName,
  before: Counter,
  { number, counts }: { readonly number: number; readonly counts: boolean },
): UpdateItem => ({
  op: 'update',
  key: key.counter(of),
  set: { v: SCHEMA_VERSION, last: number },
  add: { total: counts ? 1 : 0 },
  conditions:
    before.last === 0
      ? [{ kind: 'attributeAbsent', name: 'last' }]
      : [{ kind: 'equals', name: 'last', value: before.last }],
})
