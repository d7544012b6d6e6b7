import type { QueryCommandInput } from '@aws-sdk/client-dynamodb'
import { PARTITION_KEY, SORT_KEY } from '../table.ts'
import type { Query } from '../ports.ts'
import { toWireKey } from './attributes.ts'
import { createPlaceholders, type Placeholders } from './expressions.ts'

/** Whether nothing can follow `after`: DynamoDB refuses to continue from the last key of the range. */
export const isAtEnd = ({ after, reverse = false, sk }: Query): boolean =>
  sk !== undefined && 'from' in sk && after === (reverse ? sk.from : sk.to)

/** The parameters of one page of a query. */
export const queryParameters = (table: string, query: Query): QueryCommandInput => {
  const placeholders = createPlaceholders()
  const { after, keysOnly = false, limit, pk, read, reverse = false, sk } = query
  const partition = `${placeholders.name(PARTITION_KEY)} = ${placeholders.value(pk)}`
  const range = sk === undefined ? '' : ` AND ${rangeExpression(placeholders, sk)}`
  // Named only where it is used: DynamoDB refuses a name that stands for nothing.
  const keys = (): string => `${placeholders.name(PARTITION_KEY)}, ${placeholders.name(SORT_KEY)}`
  return {
    TableName: table,
    KeyConditionExpression: `${partition}${range}`,
    ...(keysOnly && { ProjectionExpression: keys() }),
    ...placeholders.parameters(),
    ConsistentRead: read === 'strong',
    ScanIndexForward: !reverse,
    ...(limit !== undefined && { Limit: limit }),
    ...(after !== undefined && { ExclusiveStartKey: toWireKey({ pk, sk: after }) }),
  }
}

const rangeExpression = (
  { name, value }: Placeholders,
  sk: Exclude<Query['sk'], undefined>,
): string =>
  'prefix' in sk
    ? `begins_with(${name(SORT_KEY)}, ${value(sk.prefix)})`
    : `${name(SORT_KEY)} BETWEEN ${value(sk.from)} AND ${value(sk.to)}`
