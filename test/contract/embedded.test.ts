import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openEmbedded } from '../../shared/embedded/open.ts'
import type { Clock, Delivery } from '../../shared/ports.ts'
import { DEAD_LETTERS } from '../../shared/table.ts'
import { kvContract } from './kv/contract.ts'
import { objectsContract } from './objects/contract.ts'
import { queueContract } from './queue/contract.ts'

/** How far the clock is put forward. */
let ahead = 0

const clock: Clock = {
  now: () => Date.now() + ahead,
  sleep: async (milliseconds) => {
    await sleep(milliseconds)
  },
}

const open = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'roadstead-contract-'))
  const embedded = await openEmbedded(directory, { clock })
  const close = async (): Promise<void> => {
    await embedded.close()
    await rm(directory, { recursive: true })
  }
  return { ...embedded, close }
}

kvContract('embedded', open)
objectsContract('embedded', open)
queueContract('embedded', async () => {
  const { close, kv, queue } = await open()
  const deadLetters = async (): Promise<readonly string[]> => {
    const { items } = await kv.query({ pk: DEAD_LETTERS, read: 'strong' })
    return items.map(({ text }) => String(text))
  }
  /** What failed rests for a while, for which nobody need wait. */
  const skipRest = (delivery: Delivery): Delivery => ({
    ...delivery,
    failed: async () => {
      await delivery.failed()
      ahead += 60_000
    },
  })
  const receive = async (limit: number) => (await queue.receive(limit)).map(skipRest)
  return { queue: { ...queue, receive }, deadLetters, close }
})
