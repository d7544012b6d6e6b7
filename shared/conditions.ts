/**
 * What conditions and updates mean, for the adapters that evaluate them on their own. `shared/aws` leaves it to
 * DynamoDB; `test/contract` asserts that both agree.
 */
import { assertItem } from './limits.ts'
import type { AttributeValue, Condition, Item, UpdateItem } from './ports.ts'

/** Whether all conditions hold on an item, or on its absence. No conditions always hold. */
export const holds = (item: Item | undefined, conditions: readonly Condition[] = []): boolean =>
  conditions.every((condition) => holdsOne(item, condition))

const holdsOne = (item: Item | undefined, condition: Condition): boolean => {
  switch (condition.kind) {
    case 'exists':
      return item !== undefined
    case 'absent':
      return item === undefined
    case 'attributeAbsent':
      return read(item, condition.name) === undefined
    case 'equals':
      return sameValue(read(item, condition.name), condition.value)
    case 'atLeast': {
      const value = read(item, condition.name)
      return typeof value === 'number' && value >= condition.value
    }
    default:
      return condition satisfies never
  }
}

/** The item after an update; throws a `RangeError` when it adds to what is no number or makes the item too large. */
export const applyUpdate = (item: Item | undefined, update: UpdateItem): Item => {
  const changed: Record<string, AttributeValue> = { ...item }
  for (const [name, amount] of Object.entries(update.add ?? {})) {
    const before = read(item, name) ?? 0
    if (typeof before !== 'number') throw new RangeError(`cannot add to ${name}: it is no number`)
    changed[name] = before + amount
  }
  Object.assign(changed, update.set)
  const removed = new Set(update.remove)
  const kept = Object.entries(changed).filter(([name]) => !removed.has(name))
  const result: Item = { ...Object.fromEntries(kept), ...update.key }
  assertItem(result)
  return result
}

/** `hasOwn`, because an attribute may be called `constructor`. */
const read = (item: Item | undefined, name: string): AttributeValue | undefined =>
  item !== undefined && Object.hasOwn(item, name) ? item[name] : undefined

/** Equal in type and value; bytes are compared as bytes. */
const sameValue = (left: AttributeValue | undefined, right: AttributeValue): boolean =>
  left instanceof Uint8Array && right instanceof Uint8Array
    ? Buffer.compare(left, right) === 0
    : left === right
