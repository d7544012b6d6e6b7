import { randomUUID } from 'node:crypto'
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { createAwsQueue } from '../../shared/aws/queue.ts'
import { MAX_DELIVERIES, type Delivery } from '../../shared/ports.ts'
import type { OpenQueue } from '../contract/queue/subject.ts'

/** Longer than the contract takes. */
const VISIBILITY_SECONDS = '120'

type Where = { readonly endpoint: string; readonly region: string }

/** A queue with its dead letters as the stack has them; what Lambda does with messages is done by hand. */
export const openSqsQueue = async ({ endpoint, region }: Where): Promise<OpenQueue> => {
  const client = new SQSClient({ endpoint, region, useQueueUrlAsEndpoint: false })
  const create = async (attributes: Record<string, string>): Promise<string> => {
    const command = new CreateQueueCommand({
      QueueName: `q-${randomUUID()}`,
      Attributes: attributes,
    })
    return (await client.send(command)).QueueUrl ?? ''
  }
  const dead = await create({})
  const asked = new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ['QueueArn'] })
  const arn = (await client.send(asked)).Attributes?.['QueueArn'] ?? ''
  const url = await create({
    VisibilityTimeout: VISIBILITY_SECONDS,
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: MAX_DELIVERIES }),
  })

  const receive = async (from: string, limit: number): Promise<readonly Message[]> => {
    const command = new ReceiveMessageCommand({
      QueueUrl: from,
      MaxNumberOfMessages: Math.min(limit, 10),
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    })
    return (await client.send(command)).Messages ?? []
  }

  const deliveryOf = (message: Message): Delivery => {
    const which = { QueueUrl: url, ReceiptHandle: message.ReceiptHandle }
    return {
      id: message.MessageId ?? '',
      text: message.Body ?? '',
      attempt: Number(message.Attributes?.ApproximateReceiveCount),
      done: async () => {
        await client.send(new DeleteMessageCommand(which))
      },
      failed: async () => {
        await client.send(new ChangeMessageVisibilityCommand({ ...which, VisibilityTimeout: 0 }))
      },
    }
  }

  return {
    queue: {
      ...createAwsQueue({ url, endpoint, region }),
      receive: async (limit) => (await receive(url, limit)).map(deliveryOf),
    },
    deadLetters: async () => (await receive(dead, 10)).map(({ Body }) => Body ?? ''),
  }
}
