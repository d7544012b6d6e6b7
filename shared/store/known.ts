import type { AttributeValue, Item } from '../ports.ts'

/** The attributes that have a value: an item has no others. */
export const known = (
  attributes: Readonly<Record<string, AttributeValue | undefined>>,
): Readonly<Record<string, AttributeValue>> =>
  Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  )

/** A number of an item that may not be there, or may have been written without it: then 0. */
export const numberIn = (item: Item | undefined, name: string): number => {
  const value = item?.[name]
  return typeof value === 'number' ? value : 0
}
