/** What `ports.ts` promises of a `Kv`, as tests over any adapter. */
import { afterAll, beforeAll, describe } from 'vitest'
import type { Kv } from '../../../shared/ports.ts'
import { guaranteesExcept, type Deviations } from '../guarantee.ts'
import { batches } from './batches.ts'
import { conditions } from './conditions.ts'
import { items } from './items.ts'
import { limits } from './limits.ts'
import { model } from './model.ts'
import { order } from './order.ts'
import { pages } from './pages.ts'
import { races } from './races.ts'
import { scans } from './scans.ts'
import type { KvSubject } from './subject.ts'
import { transactions } from './transactions.ts'
import { updates } from './updates.ts'

type Opened = { readonly kv: Kv; close(): Promise<void> }

const topics = {
  items,
  limits,
  conditions,
  updates,
  order,
  pages,
  scans,
  batches,
  transactions,
  races,
  model,
}

/** Holds one adapter to the contract. */
export const kvContract = (
  name: string,
  open: () => Promise<Opened>,
  deviations: Deviations = {},
): void => {
  describe(`Kv: ${name}`, () => {
    let opened: Opened | undefined
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(async () => {
      await opened?.close()
    })
    const subject: KvSubject = {
      get kv() {
        if (opened === undefined) throw new Error('the adapter is not open')
        return opened.kv
      },
      guarantee: guaranteesExcept(deviations),
    }
    for (const [topic, declare] of Object.entries(topics)) {
      describe(topic, () => {
        declare(subject)
      })
    }
  })
}
