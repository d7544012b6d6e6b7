import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { runJobs } from '../../functions/server/jobs.ts'
import type { Job } from '../../shared/schedules/run-due.ts'
import { readRun, startRun } from '../../shared/schedules/runs.ts'
import { createTestStore } from '../support/domain.ts'

const JOB = 'auditPurge'

const open = (work: Job['work']) => {
  const store = createTestStore()
  const errors: unknown[] = []
  const jobs = runJobs(store, [{ name: JOB, work }], (error, job) => errors.push([job, error]))
  const statusOf = async (number: number) => (await readRun(store, JOB, number)).status
  const until = async (status: string, number = 1) => {
    while ((await statusOf(number)) !== status) await sleep(1)
  }
  return { ...{ store, errors, jobs, statusOf, until } }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('whoever runs jobs', () => {
  it('looks every ten seconds', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { store, jobs, statusOf, until } = open(() => Promise.resolve({}))
    await startRun(store, JOB, '{}')
    vi.advanceTimersByTime(9_999)
    expect(await statusOf(1)).toBe('Pending')
    vi.advanceTimersByTime(1)
    await until('Success')
    await jobs.end()
    await startRun(store, JOB, '{}')
    vi.advanceTimersByTime(60_000)
    jobs.wake(JOB)
    expect(await statusOf(2)).toBe('Pending')
  })

  it('looks at once when it is told to, tells of failures, and goes on', async () => {
    let isBroken = true
    const { store, errors, jobs, until } = open(() => {
      if (isBroken) throw new Error('broken')
      return Promise.resolve({})
    })
    await startRun(store, JOB, '{}')
    jobs.wake(JOB)
    jobs.wake('garbageCollection')
    await until('Error')
    expect(errors).toEqual([[JOB, new Error('broken')]])
    isBroken = false
    await startRun(store, JOB, '{}')
    jobs.wake(JOB)
    await until('Success', 2)
    await jobs.end()
  })

  it('stops what runs when it ends, and waits for it', async () => {
    const { store, jobs, statusOf, until } = open(async (_parameters, { isStopped }) => {
      while (!(await isStopped())) await sleep(1)
      return {}
    })
    await startRun(store, JOB, '{}')
    jobs.wake(JOB)
    await until('Running')
    await jobs.end()
    expect(await statusOf(1)).toBe('Stopped')
  })
})
