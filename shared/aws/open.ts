/** The ports on AWS: one DynamoDB table and one S3 bucket. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Kv, Objects } from '../ports.ts'
import { surroundDynamodb } from './around.ts'
import { briefly } from './brief-client.ts'
import { createBucketClient } from './bucket-client.ts'
import { createDistributedReads } from './distribution.ts'
import { createAwsKv } from './kv.ts'
import { createAwsObjects } from './objects.ts'
import type { AwsSettings } from './settings.ts'
import { createSignedReads } from './signed-read.ts'
import { createSignedWrites } from './signed-write.ts'
import { createSigning } from './signing.ts'

/** Opens the ports; nothing is asked of AWS before the first call. */
export const openAws = (settings: AwsSettings): { readonly kv: Kv; readonly objects: Objects } => {
  const dynamodb = new DynamoDBClient({
    // See `createAwsKv`.
    maxAttempts: 1,
    ...briefly(settings),
  })
  surroundDynamodb(dynamodb, settings.around)
  const { credentials, region } = dynamodb.config
  const signing = createSigning(settings, { credentials, region })
  return {
    kv: createAwsKv(dynamodb, settings.table),
    objects: createAwsObjects(createBucketClient(settings), settings.bucket, {
      read:
        settings.distribution === undefined
          ? createSignedReads(signing)
          : createDistributedReads(settings.distribution),
      ...createSignedWrites(signing),
    }),
  }
}
