/** `Queue` on SQS. Its other end is the function that the stack has the messages brought to. */
import type { SQSClient } from '@aws-sdk/client-sqs'
import { assertMessage } from '../limits.ts'
import type { Queue } from '../ports.ts'
import { call } from './failures.ts'

const CONNECTION_TIMEOUT_MS = 1_000
const REQUEST_TIMEOUT_MS = 5_000
/** A message may come twice in any case, so sending it again does no harm. */
const ATTEMPTS = 3

export type QueueSettings = {
  readonly url: string
  /** By default the one of the environment. */
  readonly region?: string
  /** Of an AWS-compatible service. By default AWS itself. */
  readonly endpoint?: string
}

/** Loads the client of SQS with the first message: hardly any request sends one. */
export const createAwsQueue = ({ endpoint, region, url }: QueueSettings): Queue => {
  const load = async () => {
    const sdk = await import('./sdk/sqs.ts')
    const client: SQSClient = new sdk.SQSClient({
      maxAttempts: ATTEMPTS,
      requestHandler: {
        connectionTimeout: CONNECTION_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        throwOnRequestTimeout: true,
      },
      ...(region !== undefined && { region }),
      // Else it takes the host of the queue's URL, by which an emulator need not be reached.
      ...(endpoint !== undefined && { endpoint, useQueueUrlAsEndpoint: false }),
    })
    return { sdk, client }
  }
  let loaded: ReturnType<typeof load> | undefined
  return {
    send: async (text, { delaySeconds = 0 } = {}) => {
      assertMessage(text, delaySeconds)
      const { client, sdk } = await (loaded ??= load())
      const command = new sdk.SendMessageCommand({
        QueueUrl: url,
        MessageBody: text,
        DelaySeconds: delaySeconds,
      })
      await call('write', async () => await client.send(command))
    },
  }
}
