import { expect } from 'vitest'
import { MAX_DELAY_SECONDS, MAX_MESSAGE_BYTES } from '../../../shared/ports.ts'
import type { QueueSubject } from './subject.ts'

const REFUSED: Readonly<Record<string, string>> = {
  'nothing at all': '',
  'one byte too many': 'a'.repeat(MAX_MESSAGE_BYTES + 1),
  'too many bytes of few characters': 'é'.repeat(MAX_MESSAGE_BYTES / 2 + 1),
  'a control character': 'a\u0000b',
  'what XML has no character for': 'a\uffff',
  'half a character': 'a\ud800',
}

export const limits = (subject: QueueSubject): void => {
  const { guarantee } = subject
  for (const [name, text] of Object.entries(REFUSED)) {
    guarantee(`${name} is no message`, async () => {
      await expect(subject.queue.send(text)).rejects.toThrow(RangeError)
    })
  }

  guarantee('a delay is a whole number of seconds, 15 minutes at most', async () => {
    for (const delaySeconds of [-1, 0.5, MAX_DELAY_SECONDS + 1, NaN]) {
      await expect(subject.queue.send('a', { delaySeconds })).rejects.toThrow(RangeError)
    }
  })
}
