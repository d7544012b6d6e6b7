import { describe, expect, it } from 'vitest'
import { claimRun } from '../../shared/schedules/claim.ts'
import { nextTime } from '../../shared/schedules/cron.ts'
import { runDue, type Job, type RunContext } from '../../shared/schedules/run-due.ts'
import { listRuns, readRun, RUNS_KEPT, startRun, stopRun } from '../../shared/schedules/runs.ts'
import { readSchedule, removeSchedule, setSchedule } from '../../shared/schedules/schedule.ts'
import { createTestStore, refusalOf } from '../support/domain.ts'

const JOB = 'auditPurge'
const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const HOURLY = { type: 'Hourly', cron: '0 0 * * * *', parameters: '{}' }

const open = () => {
  const store = createTestStore()
  const seen: string[] = []
  const doing = (work: (context: RunContext) => Promise<void> | void): Job => ({
    name: JOB,
    work: async (parameters, context) => {
      seen.push(parameters)
      await work(context)
      return { done: 3 }
    },
  })
  const job = doing(() => undefined)
  const statuses = async () =>
    (await listRuns(store, JOB, { limit: 100 })).entries.map(
      ({ kind, number, status }) => `${number} ${kind} ${status}`,
    )
  return { ...{ store, seen, doing, job, statuses }, pass: store.pass }
}

describe('a cron expression', () => {
  const AT = Date.parse('2026-11-24T10:20:30.000Z')
  it.each([
    ['0 0 * * * *', '2026-11-24T11:00:00.000Z'],
    ['0 30 2 * * *', '2026-11-25T02:30:00.000Z'],
    ['0 0 0 * * 6', '2026-11-28T00:00:00.000Z'],
    ['30 */5 * * * *', '2026-11-24T10:25:30.000Z'],
    [' 0 0 0 1 1 ? ', '2027-01-01T00:00:00.000Z'],
    ['0 0 0 29 2 *', '2028-02-29T00:00:00.000Z'],
  ])('%s is next due at %s', async (cron, next) => {
    expect(new Date(await nextTime(cron, AT)).toISOString()).toBe(next)
  })

  it.each([
    ...[
      '',
      'x',
      '* * * * *',
      '0 0 * * *',
      '0 0 * * * * *',
      '@daily',
      '* * * * * *',
      '*/5 * * * * *',
    ],
    ...['60 * * * * *', '0 61 * * * *', '0 0 0 31 2 *', `0 ${'1,'.repeat(200)}1 * * * *`],
  ])('%s is refused', async (cron) => {
    expect(await refusalOf(nextTime(cron, AT))).toBe('BAD_REQUEST')
  })
})

describe('a schedule', () => {
  it('runs a job once whenever it is due', async () => {
    const { store, seen, job, pass, statuses } = open()
    await setSchedule(store, JOB, { ...HOURLY, parameters: '{"a":1}' })
    expect(await runDue(store, job)).toBe(false)
    pass(HOUR)
    expect([await runDue(store, job), await runDue(store, job)]).toEqual([true, false])
    pass(HOUR)
    expect(await runDue(store, job)).toBe(true)
    expect(await statuses()).toEqual(['2 SCHEDULE Success', '1 SCHEDULE Success'])
    expect(seen).toEqual(['{"a":1}', '{"a":1}'])
    expect((await readRun(store, JOB, 1)).result).toEqual({ done: 3 })
  })

  it('that was missed several times runs once', async () => {
    const { store, job, pass } = open()
    await setSchedule(store, JOB, HOURLY)
    pass(5 * HOUR)
    expect([await runDue(store, job), await runDue(store, job)]).toEqual([true, false])
    const { dueAt = 0 } = (await readSchedule(store, JOB)) ?? {}
    expect(dueAt).toBeGreaterThan(store.clock.now())
  })

  it('is replaced as a whole, and remembers when it first was set', async () => {
    const { store, seen, job, pass } = open()
    await setSchedule(store, JOB, HOURLY)
    const before = await readSchedule(store, JOB)
    pass(MINUTE)
    await setSchedule(store, JOB, { type: 'Daily', cron: '0 0 0 * * *', parameters: '{"b":2}' })
    const after = await readSchedule(store, JOB)
    expect(after).toMatchObject({ type: 'Daily', createdAt: before?.createdAt })
    expect(after?.updatedAt).toBeGreaterThan(before?.updatedAt ?? Infinity)
    pass(25 * HOUR)
    await runDue(store, job)
    expect(seen).toEqual(['{"b":2}'])
  })

  it('that is removed runs nothing any more, and what runs goes on', async () => {
    const { store, doing, job, pass, statuses } = open()
    await setSchedule(store, JOB, HOURLY)
    pass(HOUR)
    const removing = doing(async () => {
      await removeSchedule(store, JOB)
    })
    expect(await runDue(store, removing)).toBe(true)
    pass(2 * HOUR)
    expect(await runDue(store, job)).toBe(false)
    expect(await readSchedule(store, JOB)).toBe(undefined)
    expect(await statuses()).toEqual(['1 SCHEDULE Success'])
    await setSchedule(store, JOB, HOURLY)
    pass(HOUR)
    expect(await runDue(store, job)).toBe(true)
    expect(await statuses()).toEqual(['2 SCHEDULE Success', '1 SCHEDULE Success'])
  })

  it('is claimed by one of several processes', async () => {
    const { store, pass, statuses } = open()
    await setSchedule(store, JOB, HOURLY)
    pass(HOUR)
    const claims = await Promise.all(
      Array.from({ length: 8 }, async () => await claimRun(store, JOB)),
    )
    expect(claims.filter((run) => run !== undefined)).toHaveLength(1)
    expect(await statuses()).toEqual(['1 SCHEDULE Running'])
  })
})

describe('a run that somebody asked for', () => {
  it('is taken on by one of several processes, and is over before there is another', async () => {
    const { store, job, statuses } = open()
    const { number } = await startRun(store, JOB, '{}')
    expect(number).toBe(1)
    expect(await refusalOf(startRun(store, JOB, '{}'))).toBe('CONFLICT')
    const ran = await Promise.all([runDue(store, job), runDue(store, job), runDue(store, job)])
    expect(ran.filter(Boolean)).toHaveLength(1)
    expect((await startRun(store, JOB, '{}')).number).toBe(2)
    expect(await statuses()).toEqual(['2 MANUAL Pending', '1 MANUAL Success'])
  })

  it('is one when several ask at once', async () => {
    const { store } = open()
    const asked = await Promise.all(
      Array.from({ length: 5 }, async () => await refusalOf(startRun(store, JOB, '{}'))),
    )
    expect(asked.filter((refusal) => refusal === undefined)).toHaveLength(1)
    expect(asked.filter((refusal) => refusal === 'CONFLICT')).toHaveLength(4)
  })

  it('keeps what is due waiting', async () => {
    const { store, doing, job, pass, statuses } = open()
    await setSchedule(store, JOB, HOURLY)
    await startRun(store, JOB, '{}')
    const during = doing(async ({ isStopped }) => {
      pass(HOUR)
      expect(await isStopped()).toBe(false)
      expect(await runDue(store, job)).toBe(false)
    })
    expect(await runDue(store, during)).toBe(true)
    expect(await runDue(store, job)).toBe(true)
    expect(await statuses()).toEqual(['2 SCHEDULE Success', '1 MANUAL Success'])
  })
})

describe('a run', () => {
  it('writes a log with times, which ends before it is too long', async () => {
    const { store, doing } = open()
    await startRun(store, JOB, '{}')
    await runDue(
      store,
      doing(({ log }) => {
        log('first')
        for (let line = 0; line < 1_000; line += 1) log(`line ${line}`)
      }),
    )
    const { log } = await readRun(store, JOB, 1)
    expect(log).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z first\n/)
    expect(log.length).toBeLessThanOrEqual(4_000)
  })

  it('is stopped while it runs', async () => {
    const { store, doing, pass, statuses } = open()
    await startRun(store, JOB, '{}')
    const answers: boolean[] = []
    await runDue(
      store,
      doing(async ({ isStopped }) => {
        answers.push(await isStopped())
        await stopRun(store, JOB, 1)
        await stopRun(store, JOB, 1)
        pass(6 * SECOND)
        answers.push(await isStopped(), await isStopped())
      }),
    )
    expect(answers).toEqual([false, true, true])
    expect(await statuses()).toEqual(['1 MANUAL Stopped'])
    expect((await readRun(store, JOB, 1)).result).toEqual({ done: 3 })
    await stopRun(store, JOB, 1)
    expect(await refusalOf(stopRun(store, JOB, 2))).toBe('NOT_FOUND')
    expect(await refusalOf(stopRun(store, JOB, 0))).toBe('NOT_FOUND')
  })

  it('is stopped before it is taken on, and makes room for the next', async () => {
    const { store, job, seen, statuses } = open()
    await startRun(store, JOB, '{}')
    await stopRun(store, JOB, 1)
    expect(await runDue(store, job)).toBe(false)
    expect(seen).toEqual([])
    await startRun(store, JOB, '{}')
    expect(await statuses()).toEqual(['2 MANUAL Pending', '1 MANUAL Stopped'])
  })

  it('ends with the process that runs it', async () => {
    const { store, doing, job, statuses } = open()
    await startRun(store, JOB, '{}')
    let isEnding = false
    await runDue(
      store,
      doing(async ({ isStopped }) => {
        isEnding = true
        expect(await isStopped()).toBe(true)
      }),
      () => isEnding,
    )
    expect(await statuses()).toEqual(['1 MANUAL Stopped'])
    await startRun(store, JOB, '{}')
    expect(await runDue(store, job, () => true)).toBe(false)
  })

  it('that fails is an error, which whoever runs it hears of', async () => {
    const { store, doing, job, statuses } = open()
    await startRun(store, JOB, '{}')
    const failing = doing(() => {
      throw new Error('a secret of the machine')
    })
    await expect(runDue(store, failing)).rejects.toThrow('a secret of the machine')
    const { log, status } = await readRun(store, JOB, 1)
    expect([status, log.includes('secret')]).toEqual(['Error', false])
    await startRun(store, JOB, '{}')
    await runDue(store, job)
    expect(await statuses()).toEqual(['2 MANUAL Success', '1 MANUAL Error'])
  })

  it('whose process died is an error once nothing was heard of it for long enough', async () => {
    const { store, job, pass, statuses } = open()
    await setSchedule(store, JOB, HOURLY)
    pass(HOUR)
    expect((await claimRun(store, JOB))?.number).toBe(1)
    pass(5 * MINUTE)
    expect(await runDue(store, job)).toBe(false)
    expect(await refusalOf(startRun(store, JOB, '{}'))).toBe('CONFLICT')
    pass(2 * MINUTE)
    expect((await startRun(store, JOB, '{}')).number).toBe(2)
    expect(await runDue(store, job)).toBe(true)
    expect(await statuses()).toEqual(['2 MANUAL Success', '1 SCHEDULE Error'])
    pass(HOUR)
    await claimRun(store, JOB)
    await stopRun(store, JOB, 3)
    pass(2 * HOUR)
    const ran = await Promise.all([runDue(store, job), runDue(store, job)])
    expect(ran.filter(Boolean)).toHaveLength(1)
    expect((await statuses()).slice(0, 2)).toEqual(['4 SCHEDULE Success', '3 SCHEDULE Stopped'])
  })

  it('that is heard of is alive however long it takes, and one taken for dead stops', async () => {
    const { store, doing, job, pass, statuses } = open()
    await startRun(store, JOB, '{}')
    const answers: boolean[] = []
    await runDue(
      store,
      doing(async ({ isStopped }) => {
        for (let passed = 0; passed < 30; passed += 1) {
          pass(MINUTE)
          answers.push(await isStopped())
        }
        expect(await runDue(store, job)).toBe(false)
        pass(7 * MINUTE)
        await runDue(store, job)
        expect(await isStopped()).toBe(true)
      }),
    )
    expect(answers.every((answer) => !answer)).toBe(true)
    expect(await statuses()).toEqual(['1 MANUAL Error'])
  })
})

describe('the history', () => {
  it('has pages, the newest first, and forgets what is old', async () => {
    const { store, job } = open()
    for (let number = 1; number <= RUNS_KEPT + 5; number += 1) {
      await startRun(store, JOB, '{}')
      await runDue(store, job)
    }
    const page = async (skip: number) => {
      const { entries, total } = await listRuns(store, JOB, { limit: 3, skip })
      return [total, ...entries.map(({ number }) => number)]
    }
    expect(await page(0)).toEqual([500, 505, 504, 503])
    expect(await page(3)).toEqual([500, 502, 501, 500])
    expect(await page(498)).toEqual([500, 7, 6])
    expect(await refusalOf(readRun(store, JOB, 5))).toBe('NOT_FOUND')
  })

  it('of a job that never ran is empty', async () => {
    const { store } = open()
    expect(await listRuns(store, JOB, { limit: 3 })).toMatchObject({ entries: [], total: 0 })
  })
})
