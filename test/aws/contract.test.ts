import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { afterAll, beforeAll, describe } from 'vitest'
import { openAws } from '../../shared/aws/open.ts'
import { createAwsSecrets } from '../../shared/aws/secrets.ts'
import { kvContract } from '../contract/kv/contract.ts'
import { objectsContract } from '../contract/objects/contract.ts'
import { queueContract } from '../contract/queue/contract.ts'
import { secretsContract } from '../contract/secrets/contract.ts'
import {
  CREDENTIALS,
  startDynamodbLocal,
  startLocalstack,
  startMinistack,
  type Endpoint,
} from '../tools/endpoints/start.ts'
import { createBucket, createTable } from './store.ts'
import { openSqsQueue } from './sqs-queue.ts'

Object.assign(process.env, CREDENTIALS)
const region = CREDENTIALS.AWS_REGION

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

/** What neither of them does as AWS does it. */
const EMULATORS_OF_S3 = {
  'a copy replaces, a copy if absent does not': 'it ignores If-None-Match on CopyObject',
  'a signed URL opens no other key, and no URL opens one unsigned': 'it lets everybody read',
  'nobody puts anything unsigned': 'it lets everybody write',
}

/** `Secrets` as it is, and secrets made as the stack makes them. */
const openSecrets = (endpoint: () => string) => async () => {
  const where = { endpoint: endpoint(), region }
  const client = new SecretsManagerClient(where)
  return await Promise.resolve({
    secrets: createAwsSecrets(where),
    keep: async (name: string, text: string) => {
      const made = await client.send(new CreateSecretCommand({ Name: name, SecretString: text }))
      return made.ARN ?? ''
    },
  })
}

describe('the adapters of AWS on MiniStack', () => {
  const endpoint = endpointOf(async () => await startMinistack())
  const open = async () => {
    const [table, bucket] = [await createTable(endpoint()), await createBucket(endpoint())]
    return { ...openAws({ table, bucket, region, endpoint: endpoint() }), close }
  }
  kvContract('DynamoDB of MiniStack', open)
  objectsContract('S3 of MiniStack', open, {
    ...EMULATORS_OF_S3,
    'a part under 5 MiB that is not the last is too small': 'it takes parts of any size',
    'an upload is completed once; afterwards it takes no part': 'it completes an upload again',
  })
  queueContract('SQS of MiniStack', async () => ({
    ...(await openSqsQueue({ endpoint: endpoint(), region })),
    close,
  }))
  secretsContract('Secrets Manager of MiniStack', openSecrets(endpoint))
})

describe('the adapter of DynamoDB on DynamoDB Local', () => {
  const endpoint = endpointOf(startDynamodbLocal)
  const open = async () => {
    const table = await createTable(endpoint())
    return { ...openAws({ table, bucket: 'none', region, endpoint: endpoint() }), close }
  }
  kvContract('DynamoDB Local', open)
})

describe('the adapters of AWS on LocalStack', () => {
  const endpoint = endpointOf(startLocalstack)
  const open = async () => {
    const [table, bucket] = [await createTable(endpoint()), await createBucket(endpoint())]
    return { ...openAws({ table, bucket, region, endpoint: endpoint() }), close }
  }
  kvContract('DynamoDB of LocalStack', open)
  objectsContract('S3 of LocalStack', open, EMULATORS_OF_S3)
  queueContract('SQS of LocalStack', async () => ({
    ...(await openSqsQueue({ endpoint: endpoint(), region })),
    close,
  }))
  secretsContract('Secrets Manager of LocalStack', openSecrets(endpoint))
})
