/** `Queue` on SQS. Its other end is the function that the stack has the messages brought to. */
import type { SQSClient } from '@aws-sdk/client-sqs'
import { assertMessage } from '../limits.ts'
import type { Queue } from '../ports.ts'
import { atFirstUse, briefly, type Where } from './brief-client.ts'
import { call } from './failures.ts'

/** A message may come twice in any case, so sending it again does no harm. */
const ATTEMPTS = 3

export type QueueSettings = Where & { readonly url: string }

/** Loads the client of SQS with the first message: hardly any request sends one. */
export const createAwsQueue = ({ url, ...where }: QueueSettings): Queue => {
  const open = atFirstUse(async () => {
    const sdk = await import('./sdk/sqs.ts')
    const client: SQSClient = new sdk.SQSClient({
      maxAttempts: ATTEMPTS,
      ...briefly(where),
      // Else it takes the host of the queue's URL, by which an emulator need not be reached.
      ...(where.endpoint !== undefined && { useQueueUrlAsEndpoint: false }),
    })
    return { sdk, client }
  })
  return {
    send: async (text, { delaySeconds = 0 } = {}) => {
      assertMessage(text, delaySeconds)
      const { client, sdk } = await open()
      const command = new sdk.SendMessageCommand({
        QueueUrl: url,
        MessageBody: text,
        DelaySeconds: delaySeconds,
      })
      await call('write', async () => await client.send(command))
    },
  }
}
