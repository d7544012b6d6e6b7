import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import { assertMessage } from '../limits.ts'
import {
  MAX_DELIVERIES,
  PortError,
  type Clock,
  type Deliveries,
  type Delivery,
  type Kv,
  type Queue,
  type TransactOperation,
} from '../ports.ts'
import { key, messagesDue, QUEUE, SCHEMA_VERSION } from '../table.ts'

/** Behind the first failure a message rests for so long, twice as long behind each further one. */
const FIRST_REST_MS = 1_000

const messageItem = z.object({
  id: z.string(),
  text: z.string(),
  dueAt: z.number(),
  attempt: z.number(),
})
type Message = z.infer<typeof messageItem>

/**
 * A queue whose messages are items of the table: on disk when `send` resolves, and there again after a crash. One process
 * at a time has the data directory, so it remembers in memory what is being worked on. An attempt is counted before it is
 * made: what takes the process down with it is given up like everything else that never succeeds.
 */
export const createQueue = (kv: Kv, clock: Pick<Clock, 'now'>): Queue & Deliveries => {
  const inWork = new Set<string>()

  /** Of a message that is ours; whatever becomes of it, it is so no more. */
  const settle = async (message: Message, then?: TransactOperation): Promise<void> => {
    try {
      const remove = { op: 'delete', key: key.message(message.dueAt, message.id) } as const
      const outcome = await kv.transact(then ? [remove, then] : [remove], randomUUID())
      if (!outcome.done) throw new PortError('throttled', 'somebody else writes to the message')
    } finally {
      inWork.delete(message.id)
    }
  }

  const fail = async (message: Message): Promise<void> => {
    const now = clock.now()
    const rest = FIRST_REST_MS * 2 ** (message.attempt - 1)
    const isOver = message.attempt >= MAX_DELIVERIES
    await settle(message, isOver ? bury(message, now) : put({ ...message, dueAt: now + rest }))
  }

  const begin = async (before: Message): Promise<readonly Delivery[]> => {
    inWork.add(before.id)
    if (before.attempt >= MAX_DELIVERIES) {
      // The process ended in the middle of the last attempt.
      await fail(before)
      return []
    }
    const message = { ...before, attempt: before.attempt + 1 }
    const isAsRead = { kind: 'equals', name: 'attempt', value: before.attempt } as const
    try {
      const outcome = await kv.write({ ...put(message), conditions: [isAsRead] })
      if (outcome === 'done') return [deliveryOf(message)]
    } catch (error) {
      inWork.delete(before.id)
      throw error
    }
    // Done since it was read.
    inWork.delete(before.id)
    return []
  }

  const deliveryOf = (message: Message): Delivery => ({
    id: message.id,
    text: message.text,
    attempt: message.attempt,
    done: async () => {
      await settle(message)
    },
    failed: async () => {
      await fail(message)
    },
  })

  return {
    send: async (text, { delaySeconds = 0 } = {}) => {
      assertMessage(text, delaySeconds)
      const dueAt = clock.now() + delaySeconds * 1000
      await kv.write(put({ id: randomUUID(), text, dueAt, attempt: 0 }))
    },
    receive: async (limit) => {
      const { items } = await kv.query({
        pk: QUEUE,
        sk: messagesDue(clock.now()),
        limit: limit + inWork.size,
        read: 'strong',
      })
      const free = items.map((item) => messageItem.parse(item)).filter(({ id }) => !inWork.has(id))
      return (await Promise.all(free.slice(0, limit).map(begin))).flat()
    },
  }
}

const put = (message: Message) =>
  ({
    op: 'put',
    item: { ...key.message(message.dueAt, message.id), v: SCHEMA_VERSION, ...message },
  }) as const

const bury = ({ attempt, id, text }: Message, now: number) =>
  ({ op: 'put', item: { ...key.deadLetter(now, id), v: SCHEMA_VERSION, text, attempt } }) as const
