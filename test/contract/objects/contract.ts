/** What `ports.ts` promises of `Objects`, as tests over any adapter. */
import { afterAll, beforeAll, describe } from 'vitest'
import type { Objects } from '../../../shared/ports.ts'
import { guaranteesExcept, type Deviations } from '../guarantee.ts'
import { copies } from './copies.ts'
import { lists } from './lists.ts'
import { multipart } from './multipart.ts'
import { puts } from './puts.ts'
import { reads } from './reads.ts'
import { signedReads } from './signed-reads.ts'
import { signedWrites } from './signed-writes.ts'
import { sendByHttp, type ObjectsSubject, type Send } from './subject.ts'
import { uploads } from './uploads.ts'

type Opened = {
  readonly objects: Objects
  /** By HTTP, unless the adapter's URLs lead elsewhere. */
  readonly send?: Send
  close(): Promise<void>
}

const topics = { puts, reads, copies, lists, signedReads, signedWrites, multipart, uploads }

/** Holds one adapter to the contract. */
export const objectsContract = (
  name: string,
  open: () => Promise<Opened>,
  deviations: Deviations = {},
): void => {
  describe(`Objects: ${name}`, () => {
    let opened: Opened | undefined
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(async () => {
      await opened?.close()
    })
    const subject: ObjectsSubject = {
      get objects() {
        if (opened === undefined) throw new Error('the adapter is not open')
        return opened.objects
      },
      guarantee: guaranteesExcept(deviations),
      send: async (...args) => await (opened?.send ?? sendByHttp)(...args),
    }
    for (const [topic, declare] of Object.entries(topics)) {
      describe(topic, () => {
        declare(subject)
      })
    }
  })
}
