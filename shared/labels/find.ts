import { DomainError } from '../errors.ts'
import { readAll } from '../store/batch.ts'
import { readCounter } from '../store/numbers.ts'
import { takePage, type Listing, type Paging } from '../store/page.ts'
import { getItem, pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key, labelsOf, type LabelScope } from '../table.ts'
import { parseLabel, type Label } from './label.ts'

const MOST_AT_ONCE = 1_000

/**
 * A label by its number.
 * @throws DomainError NOT_FOUND
 */
export const readLabel = async (store: Store, number: number): Promise<Label> => {
  const item = await getItem(store, key.label(number), 'strong')
  if (item === undefined) throw new DomainError('NOT_FOUND', `label ${number} not found`)
  return parseLabel(item)
}

/** The labels of some numbers, those that there still are. */
export const readLabels = async (
  store: Store,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, Label>> => {
  const found = await readAll(store, numbers.map(key.label), 'eventual')
  return new Map(
    numbers.flatMap((number) => {
      const item = found.get(key.label(number))
      return item === undefined ? [] : [[number, parseLabel(item)] as const]
    }),
  )
}

/** One page of the labels of a scope, by name. */
export const listLabels = async (
  store: Store,
  scope: LabelScope,
  paging: Paging,
): Promise<Listing<Label>> => {
  const [{ total }, page] = await Promise.all([
    readCounter(store, `labels#${scope}`),
    takePage(walkLabels(store, scope, paging), paging),
  ])
  return { ...page, total }
}

/** All labels of a scope, by name. */
export const walkLabels = async function* (
  store: Store,
  scope: LabelScope,
  { limit, skip = 0 }: Paging = { limit: MOST_AT_ONCE },
): AsyncGenerator<Label> {
  const found = pages(store, {
    pk: labelsOf(scope),
    limit: Math.min(skip + limit + 1, MOST_AT_ONCE),
    read: 'strong',
  })
  for await (const items of found) yield* items.map(parseLabel)
}
