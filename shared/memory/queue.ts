import { assertMessage } from '../limits.ts'
import { MAX_DELIVERIES, type Clock, type Deliveries, type Delivery, type Queue } from '../ports.ts'

/** A queue in memory, with its other end. */
export type MemoryQueue = Queue &
  Deliveries & {
    /** What was given up, oldest first. */
    readonly deadLetters: () => readonly string[]
  }

type Message = { readonly id: string; readonly text: string; dueAt: number; attempt: number }

export const createMemoryQueue = (clock: Pick<Clock, 'now'>): MemoryQueue => {
  const waiting = new Set<Message>()
  const dead: string[] = []
  let sent = 0

  const deliver = (message: Message): Delivery => {
    message.attempt += 1
    waiting.delete(message)
    const { attempt, id, text } = message
    return {
      ...{ id, text, attempt },
      done: () => Promise.resolve(),
      failed: () => {
        if (attempt >= MAX_DELIVERIES) dead.push(text)
        else waiting.add({ ...message, dueAt: clock.now() })
        return Promise.resolve()
      },
    }
  }

  return {
    send: async (text, { delaySeconds = 0 } = {}) => {
      assertMessage(text, delaySeconds)
      sent += 1
      const dueAt = clock.now() + delaySeconds * 1000
      await Promise.resolve(waiting.add({ id: String(sent), text, dueAt, attempt: 0 }))
    },
    receive: async (limit) => {
      const due = [...waiting].filter(({ dueAt }) => dueAt <= clock.now()).slice(0, limit)
      return await Promise.resolve(due.map(deliver))
    },
    deadLetters: () => dead,
  }
}
