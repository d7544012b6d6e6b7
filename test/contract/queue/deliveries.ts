import { expect } from 'vitest'
import { MAX_DELIVERIES } from '../../../shared/ports.ts'
import { takeOne, type QueueSubject } from './subject.ts'

export const deliveries = (subject: QueueSubject): void => {
  const { guarantee } = subject

  guarantee('what failed comes again, as another attempt', async () => {
    await empty(subject)
    await subject.queue.send('again')
    const first = await takeOne(subject)
    await first.failed()
    const second = await takeOne(subject)
    expect(second).toMatchObject({ id: first.id, text: 'again', attempt: 2 })
    await second.done()
  })

  guarantee('what always fails is set aside', async () => {
    await empty(subject)
    await subject.queue.send('hopeless')
    for (let attempt = 1; attempt <= MAX_DELIVERIES; attempt += 1) {
      const delivery = await takeOne(subject)
      expect(delivery).toMatchObject({ text: 'hopeless', attempt })
      await delivery.failed()
    }
    // An SQS queue sets it aside when it would be received once more.
    expect(await subject.queue.receive(10)).toEqual([])
    expect(await subject.deadLetters()).toEqual(['hopeless'])
  })
}

/** Topics share a queue. */
const empty = async ({ queue }: QueueSubject): Promise<void> => {
  for (;;) {
    const left = await queue.receive(10)
    if (left.length === 0) return
    for (const delivery of left) await delivery.done()
  }
}
