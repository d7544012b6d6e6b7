import type { S3Client } from '@aws-sdk/client-s3'
import { surroundS3 } from './around.ts'
import { atFirstUse } from './brief-client.ts'
import type { AwsSettings } from './settings.ts'

const CONNECTION_TIMEOUT_MS = 2_000
/** Of silence, not of the whole transfer; shorter than the 29 seconds that a function has. */
const SILENCE_TIMEOUT_MS = 20_000
const ATTEMPTS = 3

/**
 * Loads the S3 client at its first use: it is by far the largest part of the SDK, and pulls need none of it.
 * `once` makes one attempt, for what a second attempt would answer wrongly; `client` makes up to three, and both wait a
 * random while where S3 asks to slow down.
 */
export const createBucketClient = (settings: AwsSettings) =>
  atFirstUse(async () => {
    const sdk = await import('./sdk/s3.ts')
    const open = (maxAttempts: number): S3Client => {
      const client = new sdk.S3Client({
        maxAttempts,
        // A checksum of our own making adds nothing to the digest that every blob is checked against.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        requestHandler: {
          connectionTimeout: CONNECTION_TIMEOUT_MS,
          socketTimeout: SILENCE_TIMEOUT_MS,
        },
        ...(settings.region !== undefined && { region: settings.region }),
        ...(settings.endpoint !== undefined && {
          endpoint: settings.endpoint,
          forcePathStyle: true,
        }),
      })
      surroundS3(client, settings.around)
      return client
    }
    return { sdk, client: open(ATTEMPTS), once: open(1) }
  })

/** How the objects get at S3. */
export type BucketClient = ReturnType<typeof createBucketClient>
