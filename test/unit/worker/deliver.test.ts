import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { deliver } from '../../../functions/server/deliver.ts'
import { openMemory } from '../../../shared/memory/open.ts'
import { sendMessage, type Handlers } from '../../../shared/messages/messages.ts'

const JOB = { job: 'auditPurge' } as const

const none = () => Promise.reject(new Error('nothing is verified here'))

const open = (wakeJob: Handlers['wakeJob']) => {
  const { queue } = openMemory()
  const errors: unknown[] = []
  const delivering = deliver(queue, { wakeJob, verifyUpload: none }, (error) => errors.push(error))
  return { queue, errors, ...delivering }
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await sleep(1)
}

describe('messages in the process of the server', () => {
  it('are worked on at once when it is told of them, some side by side', async () => {
    let inWork = 0
    let most = 0
    let done = 0
    const { end, queue, wake } = open(async () => {
      inWork += 1
      most = Math.max(most, inWork)
      await sleep(5)
      inWork -= 1
      done += 1
    })
    for (let sent = 0; sent < 10; sent += 1) await sendMessage(queue, 'wakeJob', JOB)
    wake()
    await until(() => done === 10)
    await end()
    expect(most).toBe(4)
  })

  it('come again when they fail, and are set aside in the end', async () => {
    const { end, errors, queue, wake } = open(() => Promise.reject(new Error('broken')))
    await sendMessage(queue, 'wakeJob', JOB)
    await queue.send('{"kind":"fromTheFuture"}')
    wake()
    await until(() => queue.deadLetters().length === 2)
    await end()
    expect(errors).toHaveLength(10)
  })

  it('are waited for at the end, and none is begun any more', async () => {
    let begun = 0
    let done = 0
    const { end, queue, wake } = open(async (_message, { isEnding }) => {
      begun += 1
      await until(isEnding)
      done += 1
    })
    for (let sent = 0; sent < 5; sent += 1) await sendMessage(queue, 'wakeJob', JOB)
    wake()
    await until(() => begun === 4)
    await end()
    expect([begun, done]).toEqual([4, 4])
    expect(await queue.receive(10)).toHaveLength(1)
  })
})
