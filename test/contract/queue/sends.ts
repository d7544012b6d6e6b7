import { expect } from 'vitest'
import { MAX_MESSAGE_BYTES } from '../../../shared/ports.ts'
import { take, takeOne, type QueueSubject } from './subject.ts'

const MANY = 40

export const sends = (subject: QueueSubject): void => {
  const { guarantee } = subject

  guarantee('a message comes as it was sent, once', async () => {
    const text = '{"kind":"x"}\t\r\n  é 😀 <&> '
    await subject.queue.send(text)
    const delivery = await takeOne(subject)
    expect(delivery).toMatchObject({ text, attempt: 1 })
    expect(await subject.queue.receive(10)).toEqual([])
    await delivery.done()
    expect(await subject.queue.receive(10)).toEqual([])
  })

  guarantee('256 KiB fit into a message', async () => {
    const text = 'é'.repeat(MAX_MESSAGE_BYTES / 2)
    await subject.queue.send(text)
    const delivery = await takeOne(subject)
    expect(delivery.text === text).toBe(true)
    await delivery.done()
  })

  guarantee('of many that are sent at once every one comes, under an id of its own', async () => {
    const texts = Array.from({ length: MANY }, (_, index) => `message ${index}`)
    await Promise.all(
      texts.map(async (text) => {
        await subject.queue.send(text)
      }),
    )
    const taken = await take(subject, MANY)
    expect(taken.map(({ text }) => text).sort()).toEqual(texts.sort())
    expect(new Set(taken.map(({ id }) => id)).size).toBe(MANY)
    await Promise.all(
      taken.map(async (delivery) => {
        await delivery.done()
      }),
    )
  })

  guarantee('no more come than are asked for', async () => {
    for (const text of ['a', 'b', 'c']) await subject.queue.send(text)
    const first = await take(subject, 1)
    expect((await subject.queue.receive(1)).length).toBeLessThanOrEqual(1)
    expect(first).toHaveLength(1)
  })

  guarantee('what is held back does not come before its time', async () => {
    const sentAt = Date.now()
    await subject.queue.send('later', { delaySeconds: 2 })
    await subject.queue.send('now')
    const now = await takeText(subject, 'now')
    expect(Date.now() - sentAt).toBeLessThan(2_000)
    await now.done()
    const later = await takeText(subject, 'later')
    // A second is what SQS counts in.
    expect(Date.now() - sentAt).toBeGreaterThanOrEqual(1_000)
    await later.done()
  })
}

/** The message of that text; others that come are left to come again. */
const takeText = async (subject: QueueSubject, text: string) => {
  for (;;) {
    const delivery = await takeOne(subject)
    if (delivery.text === text) return delivery
    await delivery.done()
  }
}
