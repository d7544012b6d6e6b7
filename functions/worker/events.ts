/** What Lambda calls the worker with. */
import * as z from 'zod'

/** What the schedule sends; `infra/work.ts` spells it as well. */
const tick = z.object({ kind: z.literal('tick') })

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
 * Tells the schedule's event from a batch of the queue.
 * @throws Error for any other
 */
export const parseEvent = (event: unknown): z.infer<typeof tick> | Batch => {
  const { data, error } = z.union([tick, batch]).safeParse(event)
  if (data === undefined) throw new Error('neither a tick nor messages of SQS', { cause: error })
  return data
}

/** Which messages are to come again (Lambda, "Reporting batch item failures"). */
export type BatchAnswer = {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[]
}
