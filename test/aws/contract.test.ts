import { randomUUID } from 'node:crypto'
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe } from 'vitest'
import { openAws } from '../../shared/aws/open.ts'
import { PARTITION_KEY, SORT_KEY } from '../../shared/table.ts'
import { kvContract } from '../contract/kv/contract.ts'
import { objectsContract } from '../contract/objects/contract.ts'
import { queueContract } from '../contract/queue/contract.ts'
import {
  CREDENTIALS,
  startDynamodbLocal,
  startMinistack,
  type Endpoint,
} from '../tools/endpoints/start.ts'
import { openSqsQueue } from './sqs-queue.ts'

Object.assign(process.env, CREDENTIALS)
const region = CREDENTIALS.AWS_REGION

const createTable = async (endpoint: string): Promise<string> => {
  const table = `t-${randomUUID()}`
  await new DynamoDBClient({ endpoint, region }).send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [PARTITION_KEY, SORT_KEY].map((name) => ({
        AttributeName: name,
        AttributeType: 'S',
      })),
      KeySchema: [
        { AttributeName: PARTITION_KEY, KeyType: 'HASH' },
        { AttributeName: SORT_KEY, KeyType: 'RANGE' },
      ],
    }),
  )
  return table
}

const createBucket = async (endpoint: string): Promise<string> => {
  const bucket = `b-${randomUUID()}`
  const client = new S3Client({ endpoint, region, forcePathStyle: true })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  return bucket
}

/** Starts an endpoint for the tests of a block. */
const endpointOf = (start: () => Promise<Endpoint>): (() => string) => {
  let running: Endpoint | undefined
  beforeAll(async () => {
    running = await start()
  })
  afterAll(async () => {
    await running?.stop()
  })
  return () => running?.endpoint ?? ''
}

const close = async (): Promise<void> => {
  await Promise.resolve()
}

describe('the adapters of AWS on MiniStack', () => {
  const endpoint = endpointOf(async () => await startMinistack())
  const open = async () => {
    const [table, bucket] = [await createTable(endpoint()), await createBucket(endpoint())]
    return { ...openAws({ table, bucket, region, endpoint: endpoint() }), close }
  }
  kvContract('DynamoDB of MiniStack', open)
  objectsContract('S3 of MiniStack', open, {
    'a copy replaces, a copy if absent does not': 'it ignores If-None-Match on CopyObject',
    'a signed URL opens no other key, and no URL opens one unsigned': 'it lets everybody read',
    'a part under 5 MiB that is not the last is too small': 'it takes parts of any size',
    'an upload is completed once; afterwards it takes no part': 'it completes an upload again',
  })
  queueContract('SQS of MiniStack', async () => ({
    ...(await openSqsQueue({ endpoint: endpoint(), region })),
    close,
  }))
})

describe('the adapter of DynamoDB on DynamoDB Local', () => {
  const endpoint = endpointOf(startDynamodbLocal)
  const open = async () => {
    const table = await createTable(endpoint())
    return { ...openAws({ table, bucket: 'none', region, endpoint: endpoint() }), close }
  }
  kvContract('DynamoDB Local', open)
})
