import type { AttributeValue as WireValue } from '@aws-sdk/client-dynamodb'
import { PARTITION_KEY, SORT_KEY } from '../table.ts'
import type { AttributeValue, Item, Key } from '../ports.ts'

type WireItem = Record<string, WireValue>

/** An attribute's value as DynamoDB writes it. */
export const toWire = (value: AttributeValue): WireValue => {
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'number') return { N: String(value) }
  return typeof value === 'boolean' ? { BOOL: value } : { B: value }
}

/** A key as DynamoDB writes it; whatever else an item holds is left out. */
export const toWireKey = ({ pk, sk }: Key): WireItem => ({
  [PARTITION_KEY]: { S: pk },
  [SORT_KEY]: { S: sk },
})

/** A whole item as DynamoDB writes it. */
export const toWireItem = (item: Item): WireItem =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toWire(value)]))

/** An item of the table; throws for what no adapter of ours could have written. */
export const fromWireItem = (wire: WireItem): Item => ({
  ...Object.fromEntries(Object.entries(wire).map(([name, value]) => [name, fromWire(name, value)])),
  ...fromWireKey(wire),
})

/** The key of an item of the table. */
export const fromWireKey = (wire: WireItem): Key => {
  const pk = wire[PARTITION_KEY]?.S
  const sk = wire[SORT_KEY]?.S
  if (pk === undefined || sk === undefined) throw new Error('an item of the table has no key')
  return { pk, sk }
}

const fromWire = (name: string, { S, N, BOOL, B }: WireValue): AttributeValue => {
  // The SDK hands out views of one large response: a copy lets go of the rest.
  const value = S ?? (N === undefined ? undefined : Number(N)) ?? BOOL ?? (B && new Uint8Array(B))
  if (value === undefined)
    throw new Error(`attribute ${name} has a type that the table never holds`)
  return value
}
