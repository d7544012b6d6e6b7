/** Writes as DynamoDB takes them, alone and in a transaction, and what it answers to a transaction. */
import { createHash } from 'node:crypto'
import {
  TransactionCanceledException,
  type TransactWriteItem,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb'
import type {
  BatchOperation,
  CheckItem,
  TransactOperation,
  TransactOutcome,
  UpdateItem,
  WriteOperation,
} from '../ports.ts'
import { PortError } from '../ports.ts'
import { PARTITION_KEY } from '../table.ts'
import { fromWireItem, fromWireKey, toWireItem, toWireKey } from './attributes.ts'
import { conditionExpression, createPlaceholders, updateExpression } from './expressions.ts'
import { isThrottling } from './failures.ts'

/** DynamoDB, `ClientRequestToken`. */
const MAX_TOKEN_CHARACTERS = 36

/** The parameters of `PutItem`, or of the put in a transaction; the others below are alike. */
export const putParameters = (table: string, operation: WriteOperation & { op: 'put' }) => ({
  TableName: table,
  Item: toWireItem(operation.item),
  ...conditionParameters(operation),
})

export const deleteParameters = (table: string, operation: WriteOperation & { op: 'delete' }) => ({
  TableName: table,
  Key: toWireKey(operation.key),
  ...conditionParameters(operation),
})

export const updateParameters = (table: string, operation: UpdateItem) => {
  const placeholders = createPlaceholders()
  const condition = conditionExpression(placeholders, operation.conditions)
  return {
    TableName: table,
    Key: toWireKey(operation.key),
    // A transaction demands an expression even of an update that changes nothing.
    UpdateExpression:
      updateExpression(placeholders, operation) ??
      `REMOVE ${placeholders.name(`${PARTITION_KEY}-`)}`,
    ...(condition !== undefined && { ConditionExpression: condition }),
    ...placeholders.parameters(),
  }
}

/** One operation of a transaction. */
export const transactItem = (table: string, operation: TransactOperation): TransactWriteItem => {
  switch (operation.op) {
    case 'put':
      return { Put: putParameters(table, operation) }
    case 'update':
      return { Update: updateParameters(table, operation) }
    case 'delete':
      return { Delete: deleteParameters(table, operation) }
    case 'check':
      return { ConditionCheck: checkParameters(table, operation) }
    default:
      return operation satisfies never
  }
}

const checkParameters = (table: string, { conditions, key }: CheckItem) => {
  const placeholders = createPlaceholders()
  return {
    TableName: table,
    Key: toWireKey(key),
    ConditionExpression: conditionExpression(placeholders, conditions),
    ...placeholders.parameters(),
  }
}

const conditionParameters = ({ conditions }: Pick<WriteOperation, 'conditions'>) => {
  const placeholders = createPlaceholders()
  const condition = conditionExpression(placeholders, conditions)
  return condition === undefined
    ? {}
    : { ConditionExpression: condition, ...placeholders.parameters() }
}

/** A token of any length as one of at most 36 characters. */
export const requestToken = (token: string): string =>
  token.length > 0 && token.length <= MAX_TOKEN_CHARACTERS
    ? token
    : createHash('sha256').update(token).digest('base64url').slice(0, MAX_TOKEN_CHARACTERS)

/** What a refused transaction answers; `undefined` for any other error. */
export const refusedTransaction = (
  count: number,
  code: string,
  error: unknown,
): TransactOutcome | undefined => {
  // This very transaction, sent before, is under way: it will have been done, and that is no conflict.
  if (code === 'TransactionInProgressException') {
    throw new PortError('unknown', 'a transaction is under way', { cause: error })
  }
  if (code === 'TransactionConflictException') {
    return { done: false, reasons: Array.from({ length: count }, () => 'conflict' as const) }
  }
  if (!(error instanceof TransactionCanceledException)) return undefined
  const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code)
  if (codes.includes('ValidationError')) {
    throw new RangeError('an operation cannot be applied to its item', { cause: error })
  }
  const reasons = codes.map(reasonOf)
  if (reasons.some((reason) => reason !== undefined)) return { done: false, reasons }
  if (codes.some(isThrottling)) {
    throw new PortError('throttled', 'a transaction was throttled', { cause: error })
  }
  throw new PortError('unavailable', `a transaction was cancelled: ${codes.join()}`, {
    cause: error,
  })
}

const reasonOf = (code: string | undefined): 'condition' | 'conflict' | undefined => {
  if (code === 'ConditionalCheckFailed') return 'condition'
  return code === 'TransactionConflict' ? 'conflict' : undefined
}

/** One operation of `BatchWriteItem`. */
export const batchRequest = (operation: BatchOperation): WriteRequest =>
  operation.op === 'put'
    ? { PutRequest: { Item: toWireItem(operation.item) } }
    : { DeleteRequest: { Key: toWireKey(operation.key) } }

/** The operation that `batchRequest` made a request of. */
export const batchOperation = ({ PutRequest, DeleteRequest }: WriteRequest): BatchOperation => {
  if (PutRequest?.Item !== undefined) return { op: 'put', item: fromWireItem(PutRequest.Item) }
  return { op: 'delete', key: fromWireKey(DeleteRequest?.Key ?? {}) }
}
