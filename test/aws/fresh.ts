import { randomUUID } from 'node:crypto'
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { PARTITION_KEY, SORT_KEY } from '../../shared/table.ts'
import { CREDENTIALS } from '../tools/endpoints/start.ts'

const region = CREDENTIALS.AWS_REGION

/** A table that no other test uses; answers its name. */
export const createTable = async (endpoint: string): Promise<string> => {
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

/** A bucket that no other test uses; answers its name. */
export const createBucket = async (endpoint: string): Promise<string> => {
  const bucket = `b-${randomUUID()}`
  const client = new S3Client({ endpoint, region, forcePathStyle: true })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  return bucket
}
