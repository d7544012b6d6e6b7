import * as z from 'zod'
import type { Item, TransactOperation } from '../ports.ts'
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
  return parseCounter(await getItem(store, key.counter(of), 'strong'))
}

/** A counter out of its item. */
export const parseCounter = (item: Item | undefined): Counter => counterItem.parse(item ?? {})

/** Which number is taken: the one behind the last, unless it is said; and whether the thing is counted here, too. */
export type Taking = { readonly number?: number; readonly counts?: boolean }

/**
 * Takes a number. Goes into the transaction that makes the thing; refused when somebody else took one in between: read
 * the counter again.
 */
export const takeNumber = (
  of: CounterName,
  before: Counter,
  { number = before.last + 1, counts = true }: Taking = {},
): TransactOperation => ({
  op: 'update',
  key: key.counter(of),
  set: { v: SCHEMA_VERSION, last: number },
  add: { total: counts ? 1 : 0 },
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
