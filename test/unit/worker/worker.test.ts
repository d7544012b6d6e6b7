import { describe, expect, it } from 'vitest'
import { createWorker } from '../../../functions/worker/worker.ts'
import { createHandlers } from '../../../shared/messages/handlers.ts'
import { sendMessage, UnknownMessageError } from '../../../shared/messages/messages.ts'
import { openMemory } from '../../../shared/memory/open.ts'
import { runDue, type Job } from '../../../shared/schedules/run-due.ts'
import { readRun, startRun } from '../../../shared/schedules/runs.ts'
import { setSchedule } from '../../../shared/schedules/schedule.ts'
import { createTestStore } from '../../support/domain.ts'

const JOB = 'auditPurge'
const MINUTE = 60_000

const open = (work: Job['work'] = () => Promise.resolve({})) => {
  const store = createTestStore()
  const errors: unknown[] = []
  const collected: boolean[] = []
  const steps: unknown[] = []
  const audits: number[] = []
  const reported: unknown[] = []
  const job = { name: JOB, work } as const
  const time = { remaining: 15 * MINUTE }
  const worker = createWorker({
    looks: {
      auditPurge: async (isEnding) => {
        await runDue(store, job, isEnding)
      },
      garbageCollection: async () => {
        await Promise.resolve()
      },
      storageAudit: async () => {
        // Whatever else is due has gone before.
        audits.push(collected.length)
        await Promise.resolve()
      },
    },
    takeStep: (step) => {
      steps.push(step)
      return Promise.resolve({ next: 'nothing' })
    },
    collect: async (isEnding) => {
      collected.push(isEnding())
      await Promise.resolve()
    },
    handlers: createHandlers({
      runJob: async (_name, { isEnding }) => {
        await runDue(store, job, isEnding)
      },
      verifyUpload: () => Promise.reject(new Error('nothing is verified here')),
    }),
    reportError: (error, what) => {
      errors.push(error)
      reported.push(what)
    },
  })
  const call = async (event: unknown) => await worker(event, { remainingMs: () => time.remaining })
  return { store, time, audits, collected, steps, errors, reported, call }
}

/** A batch as Lambda brings it. */
const batchOf = (...texts: readonly string[]) => ({
  Records: texts.map((body, index) => ({
    messageId: `m${index}`,
    receiptHandle: 'handle',
    body,
    attributes: { ApproximateReceiveCount: '2', SentTimestamp: '1' },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-central-1:000000000000:queue',
    awsRegion: 'eu-central-1',
  })),
})

const failedOf = (answer: Awaited<ReturnType<ReturnType<typeof open>['call']>>) =>
  answer !== undefined && 'batchItemFailures' in answer
    ? answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
    : undefined

/** What a message is in the queue. */
const wakeText = async (): Promise<string> => {
  const { queue } = openMemory()
  await sendMessage(queue, 'wakeJob', { job: JOB })
  const [delivery] = await queue.receive(1)
  return delivery?.text ?? ''
}

describe('a batch of messages', () => {
  it('wakes the job that waits, and does nothing more when it comes again', async () => {
    let runs = 0
    const { call, store } = open(() => {
      runs += 1
      return Promise.resolve({ purged: 1 })
    })
    await startRun(store, JOB, '{}')
    const text = await wakeText()
    expect(await call(batchOf(text, text))).toEqual({ batchItemFailures: [] })
    expect(await readRun(store, JOB, 1)).toMatchObject({ status: 'Success', result: { purged: 1 } })
    expect(await call(batchOf(text))).toEqual({ batchItemFailures: [] })
    expect(runs).toBe(1)
  })

  it('answers which of them failed, and the others are done', async () => {
    const { call, errors, reported, store } = open()
    await startRun(store, JOB, '{}')
    const strange = ['{"kind":"fromTheFuture","x":1}', 'no json', '[]', '{"kind":"wakeJob"}']
    const surplus = '{"kind":"wakeJob","job":"auditPurge","more":1}'
    const answer = await call(batchOf(...strange, surplus, await wakeText(), '{"kind":"toString"}'))
    expect(failedOf(answer)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm6'])
    expect(errors.every((error) => error instanceof UnknownMessageError)).toBe(true)
    expect(reported[0]).toEqual({ message: 'm0', attempt: 2 })
    expect((await readRun(store, JOB, 1)).status).toBe('Success')
  })

  it('is not begun when there is no time left for it', async () => {
    const { call, errors, store, time } = open()
    await startRun(store, JOB, '{}')
    time.remaining = 29_000
    expect(failedOf(await call(batchOf(await wakeText())))).toEqual(['m0'])
    expect(errors).toEqual([])
    expect((await readRun(store, JOB, 1)).status).toBe('Pending')
  })
})

describe('the tick of the schedule', () => {
  const tick = { kind: 'tick' }

  it('runs what is due, and nothing else', async () => {
    let runs = 0
    const { call, store } = open(() => {
      runs += 1
      return Promise.resolve({})
    })
    await call(tick)
    await setSchedule(store, JOB, { type: 'Custom', cron: '0 0 * * * *', parameters: '{}' })
    await call(tick)
    expect(runs).toBe(0)
    store.pass(60 * MINUTE)
    expect(await call(tick)).toBeUndefined()
    await call(tick)
    expect(runs).toBe(1)
  })

  it('takes on a run of which no message told', async () => {
    const { call, store } = open()
    await startRun(store, JOB, '{}')
    await call(tick)
    expect((await readRun(store, JOB, 1)).status).toBe('Success')
  })

  it('stops the job before the function is stopped', async () => {
    const { call, store, time } = open(async (_parameters, { isStopped }) => {
      for (let done = 1; !(await isStopped()); done += 1) {
        if (done > 3) throw new Error('it went on')
        time.remaining -= 5 * MINUTE
      }
      return {}
    })
    await startRun(store, JOB, '{}')
    await call(tick)
    expect(await readRun(store, JOB, 1)).toMatchObject({ status: 'Stopped' })
  })

  it('counts as failed when a job does, so that it is noticed', async () => {
    const { call, errors, store } = open(() => Promise.reject(new Error('broken')))
    await startRun(store, JOB, '{}')
    await expect(call(tick)).rejects.toThrow('auditPurge')
    expect(errors).toEqual([new Error('broken')])
    expect((await readRun(store, JOB, 1)).status).toBe('Error')
  })

  it('has garbage worked off before an audit, which may take all the time there is', async () => {
    const { audits, call } = open()
    await call(tick)
    expect(audits).toEqual([1])
  })

  it('is told from a step of the state machine', async () => {
    const { call, collected, steps } = open()
    const step = { step: 'begin', execution: 'name', input: {} }
    expect(await call({ kind: 'collection', ...step })).toEqual({ next: 'nothing' })
    expect(steps).toMatchObject([step])
    expect(collected).toEqual([])
    await expect(call({ kind: 'collection', step: 'dance' })).rejects.toThrow('nor a step')
  })

  it('is not taken for any other event', async () => {
    const { call } = open()
    for (const event of [undefined, {}, { Records: [{ eventSource: 'aws:s3' }] }, 'tick']) {
      await expect(call(event)).rejects.toThrow('neither a tick nor messages')
    }
  })
})
