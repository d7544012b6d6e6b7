import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { S3Client } from '@aws-sdk/client-s3'
import type { Around } from './settings.ts'

/** Inside the SDK's retries, so that every attempt is a call of its own. */
const WHERE = { step: 'finalizeRequest', priority: 'low', name: 'around' } as const

/** Puts `around` round every call of a client of DynamoDB. */
export const surroundDynamodb = (client: DynamoDBClient, around: Around | undefined): void => {
  if (around === undefined) return
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) =>
        await around(
          { service: 'dynamodb', command: commandName, input: args.input },
          async () => await next(args),
        ),
    WHERE,
  )
}

/** As `surroundDynamodb`, for a client of S3. */
export const surroundS3 = (client: S3Client, around: Around | undefined): void => {
  if (around === undefined) return
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) =>
        await around(
          { service: 's3', command: commandName, input: args.input },
          async () => await next(args),
        ),
    WHERE,
  )
}
