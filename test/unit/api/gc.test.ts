import { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import type { Principal, RobotNumber } from '../../../shared/auth/principal.ts'
import { garbageCollectionJob } from '../../../shared/gc/job.ts'
import { digestOf } from '../../../shared/oci/digest.ts'
import { claimRun } from '../../../shared/schedules/claim.ts'
import { runDue } from '../../../shared/schedules/run-due.ts'
import { createTestApp, pushImage } from '../../support/app.ts'
import { key } from '../../../shared/table.ts'
import { createDomainApi, refusal } from './domain.ts'

const SCHEDULE = '/system/gc/schedule'
const RUNS = '/system/gc'
const DAY = 24 * 60 * 60_000

const execution = z.object({
  id: z.number(),
  job_name: z.literal('GARBAGE_COLLECTION'),
  job_kind: z.string(),
  job_parameters: z
    .string()
    .transform((text) => z.record(z.string(), z.unknown()).parse(JSON.parse(text))),
  schedule: z.object({ type: z.string(), cron: z.string().optional() }),
  job_status: z.string(),
  deleted: z.literal(false),
})

const start = async () => {
  const woken: string[] = []
  const watcher: Principal = {
    ...{ kind: 'robot', number: 9 as RobotNumber, name: 'robot$watcher', projects: [] },
    system: ['garbage-collection:read', 'garbage-collection:list'],
  }
  const jobWaits = (job: string): Promise<void> => {
    woken.push(job)
    return Promise.resolve()
  }
  const api = await createDomainApi({ others: { watcher }, deps: { jobWaits } })
  const { get, real, registry, send } = api
  const job = garbageCollectionJob({ context: registry, troubled: () => undefined })
  const set = async (type: string, parameters?: unknown, cron?: string, method = 'PUT') =>
    await send(method, SCHEDULE, 'admin', { schedule: { type, cron }, parameters })
  const read = async (path: string, as = 'admin') =>
    execution.parse(await (await get(path, as)).json())
  /** To its end; answers its path. */
  const run = async (parameters?: unknown): Promise<string> => {
    const response = await set('Manual', parameters, undefined, 'POST')
    expect(response.status).toBe(201)
    await runDue(real, job)
    return (response.headers.get('Location') ?? '').replace('/api/v2.0', '')
  }
  const deleteImage = async (name: string, layers: readonly string[]): Promise<string> => {
    const app = createTestApp({ context: registry })
    const digest = await pushImage(app, name, 'v1', layers)
    await app.app.request(`/v2/${name}/manifests/${digest}`, { method: 'DELETE' })
    return digest
  }
  return { ...api, woken, set, read, run, deleteImage, pass: real.pass }
}

describe('the schedule of garbage collection', () => {
  it('is none at first, is set, changed and taken away', async () => {
    const { read, set } = await start()
    expect((await read(SCHEDULE)).schedule).toEqual({ type: 'None', cron: '' })
    const parameters = { delete_untagged: true, dry_run: false, workers: 4, time_window: 48 }
    expect((await set('Daily', parameters, '0 0 0 * * *', 'POST')).status).toBe(201)
    expect(await read(SCHEDULE)).toMatchObject({
      job_parameters: parameters,
      schedule: { type: 'Daily', cron: '0 0 0 * * *' },
    })
    // As Terraform's provider and Harbor's portal do.
    expect((await set('Weekly', { delete_untagged: false, delete_tag: true })).status).toBe(200)
    expect(await read(SCHEDULE)).toMatchObject({
      job_parameters: { delete_untagged: false, workers: 1 },
      schedule: { type: 'Weekly', cron: '0 0 0 * * 6' },
    })
    expect((await set('None')).status).toBe(200)
    expect((await read(SCHEDULE)).schedule).toEqual({ type: 'None', cron: '' })
  })

  it.each([
    ['a cron expression of five fields', 'Custom', {}, '0 0 * * *', 'cron'],
    ['no workers', 'Manual', { workers: 0 }, undefined, 'workers'],
    ['too many workers', 'Manual', { workers: 11 }, undefined, 'workers'],
    ['half a worker', 'Daily', { workers: 1.5 }, undefined, 'workers'],
    ['workers in words', 'Daily', { workers: 'two' }, undefined, 'workers'],
    ['a negative window', 'Daily', { time_window: -1 }, undefined, 'time_window'],
    ['a limit of nothing', 'Manual', { max_bytes: 0 }, undefined, 'max_bytes'],
    ['a misspelled dry run', 'Manual', { dryrun: true }, undefined, 'dryrun'],
    ['a look ahead that deletes', 'Manual', { ignore_grace: true }, undefined, 'ignore_grace'],
  ])('is refused with %s, by its name', async (_what, type, parameters, cron, name) => {
    const { read, set, woken } = await start()
    for (const method of ['POST', 'PUT']) {
      const told = await refusal(await set(type, parameters, cron, method))
      expect(told).toMatch(/^400 /)
      expect(told).toContain(name)
    }
    expect((await read(SCHEDULE)).schedule.type).toBe('None')
    expect(woken).toEqual([])
  })
})

describe('a run of garbage collection over the API', () => {
  it('tells what it freed in the numbers that Harbor gives, and in its log what it deleted', async () => {
    const { deleteImage, get, pass, read, run, woken } = await start()
    await deleteImage('p/a', ['one', 'two'])
    const sums = { freed_space: 0, purged_blobs: 0 }
    let log = ''
    for (let day = 0; day < 6; day += 1) {
      const path = await run({ workers: 2 })
      const { job_parameters: told, job_status: status } = await read(path, 'watcher')
      expect(status).toBe('Success')
      sums.freed_space += Number(told['freed_space'])
      sums.purged_blobs += Number(told['purged_blobs'])
      log += await (await get(`${path}/log`, 'watcher')).text()
      pass(DAY)
    }
    expect(sums.purged_blobs).toBe(3)
    expect(sums.freed_space).toBeGreaterThanOrEqual('{}onetwo'.length)
    expect(log).toContain(`deleted blob ${digestOf('one')}`)
    expect(new Set(woken)).toEqual(new Set(['garbageCollection']))
    const runs = z
      .array(execution)
      .parse(await (await get(`${RUNS}?page_size=4`, 'watcher')).json())
    expect(runs.map(({ id }) => id)).toEqual([6, 5, 4, 3])
  })

  it('deletes nothing when it is dry, and tells what would go', async () => {
    const { deleteImage, get, read, run } = await start()
    await deleteImage('p/a', ['one'])
    for (let times = 0; times < 2; times += 1) {
      const path = await run({ dry_run: true, ignore_grace: true })
      expect((await read(path)).job_parameters).toMatchObject({
        ...{ dry_run: true, ignore_grace: true },
        ...{ purged_blobs: 2, released_space: 5, released_quota: 5 },
      })
      const log = await (await get(`${path}/log`, 'admin')).text()
      expect(log).toContain(`would delete blob ${digestOf('one')}`)
      expect(log).not.toMatch(/ deleted blob/)
    }
  })

  it('tells while it goes what is done and due, how fast, and how long it takes still', async () => {
    const { pass, read, real, set } = await start()
    expect((await set('Manual', {}, undefined, 'POST')).status).toBe(201)
    await claimRun(real, 'garbageCollection')
    const ofRun = async () => (await read(`${RUNS}/1`)).job_parameters
    expect(await ofRun()).not.toHaveProperty('seconds_left')
    pass(10_000)
    await real.kv.write({
      op: 'update',
      key: key.jobRun('garbageCollection', 1),
      set: {
        result: JSON.stringify({ tasks: 50, due: 120, freedBytes: 7, blobs: 2 }),
        updatedAt: real.clock.now(),
      },
    })
    expect(await ofRun()).toMatchObject({
      ...{ tasks_done: 50, tasks_due: 120, tasks_per_second: 5, seconds_left: 24 },
      ...{ freed_space: 7, purged_blobs: 2 },
    })
  })

  it('is one at a time, and can be stopped', async () => {
    const { get, read, real, send, set } = await start()
    expect((await set('Manual', {}, undefined, 'POST')).status).toBe(201)
    expect(await refusal(await set('Manual', {}, undefined, 'POST'))).toMatch(
      /^409 run 1 is not over/,
    )
    await claimRun(real, 'garbageCollection')
    expect((await read(`${RUNS}/1`)).job_status).toBe('Running')
    expect((await send('PUT', `${RUNS}/1`, 'watcher')).status).toBe(403)
    expect((await send('PUT', `${RUNS}/1`, 'admin')).status).toBe(200)
    expect((await get(`${RUNS}/7`, 'admin')).status).toBe(404)
    expect((await get(`${RUNS}/7/log`, 'admin')).status).toBe(404)
    expect((await get(RUNS, 'alice')).status).toBe(403)
  })
})
