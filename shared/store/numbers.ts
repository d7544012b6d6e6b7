import * as z from 'zod'
import type { TransactOperation } from '../ports.ts'
import { key, SCHEMA_VERSION, type CounterName } from '../table.ts'
import { getItem } from './query.ts'
import type { Store } from './store.ts'

const counterItem = z.object({ last: z.number().default(0), total: z.number().default(0) })

export type Counter = {
  /** The last number given. */
  readonly last: number
  /** How many there are now. */
  readonly total: number
}

/** A counter as it stands; nothing counted yet is zero. */
export const readCounter = async (store: Store, of: CounterName): Promise<Counter> => {
  const item = await getItem(store, key.counter(of), 'strong')
  return item === undefined ? { last: 0, total: 0 } : counterItem.parse(item)
}

/**
 * Takes the number behind `before` and counts one more. Goes into the transaction that makes the thing; refused when
 * somebody else took that number in between: read the counter again.
 */
export const countWithNumber = (of: CounterName, before: Counter): TransactOperation => ({
  op: 'update',
  key: key.counter(of),
  set: { v: SCHEMA_VERSION, last: before.last + 1 },
  add: { total: 1 },
  conditions:
    before.last === 0
      ? [{ kind: 'attributeAbsent', name: 'last' }]
      : [{ kind: 'equals', name: 'last', value: before.last }],
})

/** Counts one more or one less, of what has no number from this counter. */
export const count = (of: CounterName, by: 1 | -1): TransactOperation => ({
  op: 'update',
  key: key.counter(of),
  set: { v: SCHEMA_VERSION },
  add: { total: by },
})
