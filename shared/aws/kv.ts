/** `Kv` on one DynamoDB table. */
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import {
  assertBatch,
  assertGetKeys,
  assertKey,
  assertOperation,
  assertQuery,
  assertScan,
  assertTransaction,
} from '../limits.ts'
import type { Kv, TransactOutcome, WriteOperation } from '../ports.ts'
import { fromWireItem, fromWireKey, toWireKey } from './attributes.ts'
import { call } from './failures.ts'
import { isAtEnd, queryParameters } from './query.ts'
import {
  batchOperation,
  batchRequest,
  deleteParameters,
  putParameters,
  refusedTransaction,
  requestToken,
  transactItem,
  updateParameters,
} from './writes.ts'

/**
 * A `Kv` on a table. The client must make one attempt per call: a second attempt at a conditional write whose first one
 * succeeded would answer `refused`. Callers retry, knowing what they wanted.
 */
export const createAwsKv = (client: DynamoDBClient, table: string): Kv => {
  const send = async (operation: WriteOperation): Promise<unknown> => {
    switch (operation.op) {
      case 'put':
        return await client.send(new PutItemCommand(putParameters(table, operation)))
      case 'update':
        return await client.send(new UpdateItemCommand(updateParameters(table, operation)))
      case 'delete':
        return await client.send(new DeleteItemCommand(deleteParameters(table, operation)))
      default:
        return operation satisfies never
    }
  }

  return {
    get: async (key, read) => {
      assertKey(key)
      const parameters = {
        TableName: table,
        Key: toWireKey(key),
        ConsistentRead: read === 'strong',
      }
      const { Item: item } = await call(
        'read',
        async () => await client.send(new GetItemCommand(parameters)),
      )
      return item === undefined ? undefined : fromWireItem(item)
    },

    batchGet: async (keys, read) => {
      assertGetKeys(keys)
      if (keys.length === 0) return { items: [], unprocessed: [] }
      const request = { Keys: keys.map(toWireKey), ConsistentRead: read === 'strong' }
      const command = new BatchGetItemCommand({ RequestItems: { [table]: request } })
      const { Responses: found, UnprocessedKeys: left } = await call(
        'read',
        async () => await client.send(command),
      )
      return {
        items: (found?.[table] ?? []).map(fromWireItem),
        unprocessed: (left?.[table]?.Keys ?? []).map(fromWireKey),
      }
    },

    query: async (query) => {
      assertQuery(query)
      if (isAtEnd(query)) return { items: [] }
      const command = new QueryCommand(queryParameters(table, query))
      const { Items: items, LastEvaluatedKey: last } = await call(
        'read',
        async () => await client.send(command),
      )
      return {
        items: (items ?? []).map(fromWireItem),
        ...(last !== undefined && { next: fromWireKey(last).sk }),
      }
    },

    scan: async (scan) => {
      assertScan(scan)
      const { after, limit, read } = scan
      const command = new ScanCommand({
        TableName: table,
        ConsistentRead: read === 'strong',
        ...(limit !== undefined && { Limit: limit }),
        ...(after !== undefined && { ExclusiveStartKey: toWireKey(after) }),
      })
      const { Items: items, LastEvaluatedKey: last } = await call(
        'read',
        async () => await client.send(command),
      )
      return {
        items: (items ?? []).map(fromWireItem),
        ...(last !== undefined && { next: fromWireKey(last) }),
      }
    },

    write: async (operation) => {
      assertOperation(operation)
      return await call<'done', 'refused' | 'conflict'>(
        'write',
        async () => {
          await send(operation)
          return 'done' as const
        },
        (code) => {
          if (code === 'ConditionalCheckFailedException') return 'refused'
          return code === 'TransactionConflictException' ? 'conflict' : undefined
        },
      )
    },

    batchWrite: async (operations) => {
      assertBatch(operations)
      if (operations.length === 0) return { unprocessed: [] }
      const command = new BatchWriteItemCommand({
        RequestItems: { [table]: operations.map(batchRequest) },
      })
      const { UnprocessedItems: left } = await call('write', async () => await client.send(command))
      return { unprocessed: (left?.[table] ?? []).map(batchOperation) }
    },

    transact: async (operations, token) => {
      assertTransaction(operations)
      const command = new TransactWriteItemsCommand({
        TransactItems: operations.map((operation) => transactItem(table, operation)),
        ClientRequestToken: requestToken(token),
      })
      return await call<TransactOutcome, TransactOutcome>(
        'write',
        async () => {
          await client.send(command)
          return { done: true }
        },
        (code, error) => refusedTransaction(operations.length, code, error),
      )
    },
  }
}
