/** What `ports.ts` promises of a `Queue` and of its other end, as tests over any adapter. */
import { afterAll, beforeAll, describe } from 'vitest'
import { guaranteesExcept, type Deviations } from '../guarantee.ts'
import { deliveries } from './deliveries.ts'
import { limits } from './limits.ts'
import { sends } from './sends.ts'
import type { OpenQueue, QueueSubject } from './subject.ts'

type Opened = OpenQueue & { close(): Promise<void> }

const topics = { sends, limits, deliveries }

/** Holds one adapter to the contract. */
export const queueContract = (
  name: string,
  open: () => Promise<Opened>,
  deviations: Deviations = {},
): void => {
  describe(`Queue: ${name}`, () => {
    let opened: Opened | undefined
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(async () => {
      await opened?.close()
    })
    const use = (): Opened => {
      if (opened === undefined) throw new Error('the adapter is not open')
      return opened
    }
    const subject: QueueSubject = {
      get queue() {
        return use().queue
      },
      deadLetters: async () => await use().deadLetters(),
      guarantee: guaranteesExcept(deviations),
    }
    for (const [topic, declare] of Object.entries(topics)) {
      describe(topic, () => {
        declare(subject)
      })
    }
  })
}
