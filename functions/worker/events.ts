/** What Lambda calls the worker with. */
import * as z from 'zod'
import { step } from '../../shared/gc/steps/steps.ts'

/** What the schedule sends; `infra/work.ts` spells it as well. */
const tick = z.object({ kind: z.literal('tick') })

/** What the state machine sends; `infra/collection/definition.ts` spells it as well. */
const collection = z.object({ kind: z.literal('collection') }).and(step)

const batch = z.object({
  Records: z.array(
    z.object({
      eventSource: z.literal('aws:sqs'),
      messageId: z.string(),
      body: z.string(),
      attributes: z.object({ ApproximateReceiveCount: z.coerce.number() }),
    }),
  ),
})

export type Batch = z.infer<typeof batch>

/**
 * Tells the schedule's event, a batch of the queue and a step of the collection apart.
 * @throws Error for any other
 */
export const parseEvent = (
  event: unknown,
): z.infer<typeof tick> | Batch | z.infer<typeof collection> => {
  const { data, error } = z.union([tick, batch, collection]).safeParse(event)
  if (data === undefined) {
    throw new Error('neither a tick nor messages of SQS nor a step', { cause: error })
  }
  return data
}

/** Which messages are to come again (Lambda, "Reporting batch item failures"). */
export type BatchAnswer = {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[]
}
