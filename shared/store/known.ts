import type { AttributeValue } from '../ports.ts'

/** The attributes that have a value: an item has no others. */
export const known = (
  attributes: Readonly<Record<string, AttributeValue | undefined>>,
): Readonly<Record<string, AttributeValue>> =>
  Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  )
