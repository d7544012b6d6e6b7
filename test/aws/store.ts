/** A table and a bucket on a local endpoint, and all that is in them. */
import { randomUUID } from 'node:crypto'
import { CreateTableCommand, DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3'
import { fromWireItem } from '../../shared/aws/attributes.ts'
import type { Item } from '../../shared/ports.ts'
import { PARTITION_KEY, SORT_KEY } from '../../shared/table.ts'
import { CREDENTIALS } from '../tools/endpoints/start.ts'

const region = CREDENTIALS.AWS_REGION

const dynamodb = (endpoint: string): DynamoDBClient => new DynamoDBClient({ endpoint, region })
const s3 = (endpoint: string): S3Client => new S3Client({ endpoint, region, forcePathStyle: true })

export const createTable = async (endpoint: string): Promise<string> => {
  const table = `t-${randomUUID()}`
  await dynamodb(endpoint).send(
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

export const createBucket = async (endpoint: string): Promise<string> => {
  const bucket = `b-${randomUUID()}`
  await s3(endpoint).send(new CreateBucketCommand({ Bucket: bucket }))
  return bucket
}

/** Every item of a small table. */
export const dumpTable = async (endpoint: string, table: string): Promise<readonly Item[]> => {
  const client = dynamodb(endpoint)
  const items: Item[] = []
  const pages = paginateScan({ client }, { TableName: table, ConsistentRead: true })
  for await (const page of pages) items.push(...(page.Items ?? []).map(fromWireItem))
  return items
}

/** Every object of a small bucket, and the keys of uploads that nobody completed. */
export const dumpBucket = async (endpoint: string, bucket: string) => {
  const client = s3(endpoint)
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
  const objects = new Map<string, Uint8Array>()
  for (const { Key: key = '' } of Contents) {
    const { Body: body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    objects.set(key, (await body?.transformToByteArray()) ?? new Uint8Array())
  }
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  return { objects, uploads: Uploads.map(({ Key: key = '' }) => key) }
}
