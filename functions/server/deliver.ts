import { dispatch, type Handlers } from '../../shared/messages/messages.ts'
import type { Deliveries, Delivery } from '../../shared/ports.ts'

const LOOK_EVERY_MS = 1_000
const AT_ONCE = 4

export type Delivering = {
  /** Looks now whether there are messages. */
  readonly wake: () => void
  /** Takes no more messages, and waits for those that are worked on. */
  readonly end: () => Promise<void>
}

/** Works on the messages of a queue, some at once. What fails comes again, and is set aside in the end. */
export const deliver = (
  queue: Deliveries,
  handlers: Handlers,
  onError: (error: unknown, message: Pick<Delivery, 'id' | 'attempt'>) => void,
): Delivering => {
  const inWork = new Set<Promise<void>>()
  let looking: Promise<void> | undefined
  let isWanted = false
  let isEnding = false
  const context = { isEnding: () => isEnding }

  const work = async (delivery: Delivery): Promise<void> => {
    try {
      await dispatch(handlers, delivery.text, context)
      await delivery.done()
    } catch (error) {
      onError(error, delivery)
      await delivery.failed()
    }
  }

  const begin = (delivery: Delivery): void => {
    const task = work(delivery)
      .catch((error: unknown) => {
        onError(error, delivery)
      })
      .finally(() => {
        inWork.delete(task)
        wake()
      })
    inWork.add(task)
  }

  const look = async (): Promise<void> => {
    while (isWanted && !isEnding && inWork.size < AT_ONCE) {
      isWanted = false
      for (const delivery of await queue.receive(AT_ONCE - inWork.size)) begin(delivery)
    }
  }

  const wake = (): void => {
    isWanted = true
    looking ??= look()
      .catch((error: unknown) => {
        onError(error, { id: '', attempt: 0 })
      })
      .finally(() => {
        looking = undefined
      })
  }

  const timer = setInterval(wake, LOOK_EVERY_MS)
  // The process need not stay for it.
  timer.unref()
  return {
    wake,
    end: async () => {
      isEnding = true
      clearInterval(timer)
      await looking
      await Promise.all(inWork)
    },
  }
}
