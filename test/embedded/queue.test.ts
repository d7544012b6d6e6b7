import { describe, expect, it } from 'vitest'
import { MAX_DELIVERIES } from '../../shared/ports.ts'
import { DEAD_LETTERS } from '../../shared/table.ts'
import { withDirectory, withEmbedded } from './fresh.ts'

describe('the queue on disk', () => {
  it('brings what was not done again to the next process, as another attempt', async () => {
    await withDirectory(async (directory) => {
      await withEmbedded(directory, async ({ queue }) => {
        await queue.send('left')
        await queue.send('done')
        const begun = await queue.receive(10)
        expect(begun.map(({ attempt }) => attempt)).toEqual([1, 1])
        await begun.find(({ text }) => text === 'done')?.done()
      })
      await withEmbedded(directory, async ({ queue }) => {
        expect(await queue.receive(10)).toMatchObject([{ text: 'left', attempt: 2 }])
      })
    })
  })

  it('gives up what ends the process every time', async () => {
    await withDirectory(async (directory) => {
      for (let start = 0; start <= MAX_DELIVERIES; start += 1) {
        await withEmbedded(directory, async ({ kv, queue }) => {
          if (start === 0) await queue.send('poison')
          const { length } = await queue.receive(10)
          const { items } = await kv.query({ pk: DEAD_LETTERS, read: 'strong' })
          expect([length, items.length]).toEqual(start < MAX_DELIVERIES ? [1, 0] : [0, 1])
        })
      }
    })
  })

  it('lets what failed rest, longer each time', async () => {
    await withDirectory(async (directory) => {
      await withEmbedded(directory, async ({ queue }, clock) => {
        await queue.send('busy')
        for (const rest of [1_000, 2_000, 4_000, 8_000]) {
          const [delivery] = await queue.receive(1)
          await delivery?.failed()
          clock.advance(rest - 1)
          expect(await queue.receive(1)).toEqual([])
          clock.advance(1)
        }
      })
    })
  })

  it('gives a message to nobody else while it is worked on', async () => {
    await withDirectory(async (directory) => {
      await withEmbedded(directory, async ({ queue }) => {
        await queue.send('one')
        const taken = await Promise.all([queue.receive(10), queue.receive(10), queue.receive(10)])
        expect(taken.flat()).toHaveLength(1)
        await Promise.all([taken.flat()[0]?.done(), queue.receive(10)])
        expect(await queue.receive(10)).toEqual([])
      })
    })
  })
})
