/** Compiles conditions and updates to DynamoDB's expressions; `conditions.ts` says what they mean. */
import type { AttributeValue as WireValue } from '@aws-sdk/client-dynamodb'
import { PARTITION_KEY } from '../table.ts'
import type { AttributeValue, Condition, UpdateItem } from '../ports.ts'
import { toWire } from './attributes.ts'

/** What stands for names and values in the expressions of one request: no name is ever spelled in an expression. */
export type Placeholders = {
  name(name: string): string
  value(value: AttributeValue): string
  /** The parameters of the request that say what stands for what; absent when empty, as DynamoDB demands. */
  parameters(): {
    ExpressionAttributeNames?: Record<string, string>
    ExpressionAttributeValues?: Record<string, WireValue>
  }
}

export const createPlaceholders = (): Placeholders => {
  const names = new Map<string, string>()
  const values = new Map<string, WireValue>()
  return {
    name: (name) => {
      const known = names.get(name)
      if (known !== undefined) return known
      const placeholder = `#n${names.size}`
      names.set(name, placeholder)
      return placeholder
    },
    value: (value) => {
      const placeholder = `:v${values.size}`
      values.set(placeholder, toWire(value))
      return placeholder
    },
    parameters: () => ({
      ...(names.size > 0 && {
        ExpressionAttributeNames: Object.fromEntries(
          [...names].map(([name, placeholder]) => [placeholder, name]),
        ),
      }),
      ...(values.size > 0 && { ExpressionAttributeValues: Object.fromEntries(values) }),
    }),
  }
}

/** All conditions together; `undefined` when there are none. */
export const conditionExpression = (
  placeholders: Placeholders,
  conditions: readonly Condition[] = [],
): string | undefined =>
  conditions.length === 0
    ? undefined
    : conditions.map((condition) => compile(placeholders, condition)).join(' AND ')

/** What an update changes; `undefined` when it changes nothing and only makes sure that the item is there. */
export const updateExpression = (
  { name, value }: Placeholders,
  { set = {}, add = {}, remove = [] }: UpdateItem,
): string | undefined => {
  const clauses = [
    ['SET', Object.entries(set).map((entry) => `${name(entry[0])} = ${value(entry[1])}`)],
    ['ADD', Object.entries(add).map((entry) => `${name(entry[0])} ${value(entry[1])}`)],
    ['REMOVE', remove.map(name)],
  ] as const
  const used = clauses.filter(([, actions]) => actions.length > 0)
  return used.length === 0
    ? undefined
    : used.map(([word, actions]) => `${word} ${actions.join(', ')}`).join(' ')
}

const compile = ({ name, value }: Placeholders, condition: Condition): string => {
  switch (condition.kind) {
    case 'exists':
      return `attribute_exists(${name(PARTITION_KEY)})`
    case 'absent':
      return `attribute_not_exists(${name(PARTITION_KEY)})`
    case 'attributeAbsent':
      return `attribute_not_exists(${name(condition.name)})`
    case 'equals':
      return `${name(condition.name)} = ${value(condition.value)}`
    case 'atLeast':
      return `${name(condition.name)} >= ${value(condition.value)}`
    default:
      return condition satisfies never
  }
}
