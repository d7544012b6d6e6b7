import { setTimeout as sleep } from 'node:timers/promises'
import type { Deliveries, Delivery, Queue } from '../../../shared/ports.ts'
import type { Guarantee } from '../guarantee.ts'

/** A queue that nobody else uses, both its ends, and what it gave up. */
export type OpenQueue = {
  readonly queue: Queue & Deliveries
  readonly deadLetters: () => Promise<readonly string[]>
}

/** What the topics of the contract test: an open queue, and how to declare a test. */
export type QueueSubject = OpenQueue & { readonly guarantee: Guarantee }

const PATIENCE_MS = 20_000
const POLL_MS = 20

/** So many messages; fails the test when they do not come in time. */
export const take = async (
  { queue }: Pick<OpenQueue, 'queue'>,
  count: number,
): Promise<readonly Delivery[]> => {
  const taken: Delivery[] = []
  const deadline = Date.now() + PATIENCE_MS
  while (taken.length < count) {
    if (Date.now() > deadline) throw new Error(`${taken.length} of ${count} messages came`)
    const some = await queue.receive(Math.min(10, count - taken.length))
    taken.push(...some)
    if (some.length === 0) await sleep(POLL_MS)
  }
  return taken
}

/** One message, which must be the next one. */
export const takeOne = async (subject: Pick<OpenQueue, 'queue'>): Promise<Delivery> => {
  const [delivery] = await take(subject, 1)
  if (delivery === undefined) throw new Error('no message came')
  return delivery
}
