import { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import type { Principal, RobotNumber } from '../../../shared/auth/principal.ts'
import { storageAuditJob, type Loss } from '../../../shared/check/job.ts'
import { collectInBackground } from '../../../shared/gc/background.ts'
import { digestOf } from '../../../shared/oci/digest.ts'
import { runDue } from '../../../shared/schedules/run-due.ts'
import { key } from '../../../shared/table.ts'
import { createTestApp, pushImage } from '../../support/app.ts'
import { createDomainApi, refusal } from './domain.ts'

const SCHEDULE = '/system/storageaudit/schedule'
const RUNS = '/system/storageaudit'
const HOUR = 60 * 60_000
const WEEK = 7 * 24 * HOUR

const execution = z.object({
  id: z.number(),
  job_name: z.literal('STORAGE_AUDIT'),
  job_parameters: z
    .string()
    .transform((text) => z.record(z.string(), z.unknown()).parse(JSON.parse(text))),
  schedule: z.object({ type: z.string(), cron: z.string().optional() }),
  job_status: z.string(),
})
const line = z.object({
  severity: z.string(),
  kind: z.string(),
  where: z.string(),
  blob: z.string().optional(),
  repository: z.string().optional(),
  mended: z.boolean(),
})

const start = async () => {
  const watcher: Principal = {
    ...{ kind: 'robot', number: 9 as RobotNumber, name: 'robot$watcher', projects: [] },
    system: ['garbage-collection:read', 'garbage-collection:list'],
  }
  const losses: Loss[] = []
  const api = await createDomainApi({ others: { watcher } })
  const { get, real, registry, send } = api
  // Nobody writes here, so nothing has to be waited for.
  const clock = { ...registry.store.clock, sleep: () => Promise.resolve() }
  const context = { ...registry, store: { ...registry.store, clock } }
  const job = storageAuditJob({ context, lost: (loss) => losses.push(loss) })
  const set = async (type: string, parameters?: unknown, method = 'PUT') =>
    await send(method, SCHEDULE, 'admin', { schedule: { type }, parameters })
  const read = async (path: string) => execution.parse(await (await get(path, 'watcher')).json())
  const run = async (parameters?: unknown) => {
    const response = await set('Manual', parameters, 'POST')
    expect(response.status).toBe(201)
    await runDue(real, job)
    const path = (response.headers.get('Location') ?? '').replace('/api/v2.0', '')
    const text = await (await get(`${path}/findings`, 'watcher')).text()
    const findings = text.split('\n').filter(Boolean)
    const told = await read(path)
    return { path, told, findings: findings.map((one) => line.parse(JSON.parse(one))) }
  }
  const app = createTestApp({ context: registry })
  return { ...api, job, losses, set, read, run, app }
}

describe('storage audits over the API', () => {
  it('tell what they compared, and that nothing is wrong', async () => {
    const { app, losses, run } = await start()
    await pushImage(app, 'p/a', 'v1', ['one'])
    const { findings, told } = await run({ margin_hours: 0 })
    expect(findings).toEqual([])
    expect(told).toMatchObject({
      job_status: 'Success',
      job_parameters: { margin_hours: 0, lost: 0, broken: 0, leaked: 0 },
    })
    expect(Number(told.job_parameters['items_compared'])).toBeGreaterThan(20)
    expect(Number(told.job_parameters['objects_compared'])).toBeGreaterThanOrEqual(2)
    expect(losses).toEqual([])
  })

  it('tell of each thing that is wrong, with the names that people know, and sound the alarm', async () => {
    const { app, get, losses, real, registry, run } = await start()
    await pushImage(app, 'p/a', 'v1', ['one', 'two'])
    const { kv } = registry.store
    await kv.write({ op: 'delete', key: key.blob(digestOf('one')) })
    const blob = await kv.get(key.blob(digestOf('two')), 'strong')
    await kv.write({ op: 'delete', key: key.blob(digestOf('two')) })
    await kv.write({ op: 'delete', key: { pk: `OBJECT#${String(blob?.['oid'])}`, sk: '#' } })
    real.pass(1)
    const { findings, path, told } = await run({ margin_hours: 0 })
    expect(told.job_parameters).toMatchObject({ lost: 1, broken: 2, leaked: 1 })
    expect(losses).toEqual([{ run: 1, lost: 1 }])
    const lost = findings.filter(({ severity }) => severity === 'lost')
    expect(lost.map((one) => [one.kind, one.repository])).toEqual([
      ['blobWithoutRecord', 'p/a'],
      ['blobWithoutRecord', 'p/a'],
    ])
    const log = await (await get(`${path}/log`, 'watcher')).text()
    expect(log).toContain('DATA IS LOST: 1 ')
    expect(log).toContain(`p/a, manifest `)
    expect(log).toContain(digestOf('two'))
    await collectInBackground({
      ...{ context: registry, isEnding: () => false },
      troubled: ({ error }) => {
        throw error
      },
    })
    const again = await run({ margin_hours: 0 })
    expect(again.findings.map(({ kind }) => kind)).toEqual(['blobWithoutRecord'])
  })

  it('run once a week by themselves until somebody says otherwise', async () => {
    const { get, job, read, real, set } = await start()
    expect(await runDue(real, job)).toBe(false)
    expect((await read(SCHEDULE)).schedule.cron).toBe('0 17 3 * * 6')
    real.pass(WEEK)
    expect(await runDue(real, job)).toBe(true)
    expect((await set('None')).status).toBe(200)
    expect(await runDue(real, job)).toBe(false)
    expect((await read(SCHEDULE)).schedule.type).toBe('None')
    real.pass(WEEK)
    expect(await runDue(real, job)).toBe(false)
    expect(z.array(execution).parse(await (await get(RUNS, 'watcher')).json())).toHaveLength(1)
  })

  it('go on in another process where one that has to end laid them down', async () => {
    const { app, job, read, real, run, set } = await start()
    await pushImage(app, 'p/a', 'v1', ['one', 'two'])
    const whole = await run({ margin_hours: 0 })
    expect((await set('Manual', { margin_hours: 0 }, 'POST')).status).toBe(201)
    const path = `${RUNS}/2`
    let legs = 0
    while (legs === 0 || (await read(path)).job_status === 'Pending') {
      legs += 1
      expect(legs).toBeLessThan(10)
      // Each process has to end when it has looked at one page.
      let asked = 0
      await runDue(real, job, () => ++asked > 2)
    }
    expect(legs).toBeGreaterThan(1)
    const { job_parameters: told, job_status: status } = await read(path)
    expect(status).toBe('Success')
    const compared = (of: typeof told) => Number(of['objects_compared'])
    expect(compared(told)).toBe(compared(whole.told.job_parameters))
  })

  it('go on where a process died, but not where the one before it died, too', async () => {
    const { app, get, job, read, real, registry, run, set } = await start()
    await pushImage(app, 'p/a', 'v1', ['one', 'two'])
    const whole = await run({ margin_hours: 0 })
    /** Takes a run on, says of each page that it is alive, and is never heard of again once it asks the bucket. */
    const die = async (): Promise<void> => {
      const dead = Promise.withResolvers<undefined>()
      const objects = {
        ...registry.objects,
        list: async () => {
          dead.resolve(undefined)
          return await new Promise<never>(() => undefined)
        },
      }
      const dying = storageAuditJob({ context: { ...registry, objects }, lost: () => undefined })
      const life = runDue(real, dying, () => {
        real.pass(10_000)
        return false
      })
      await Promise.race([life, dead.promise])
      real.pass(HOUR)
    }
    const statusOf = async (path: string) => (await read(path)).job_status
    expect((await set('Manual', { margin_hours: 0 }, 'POST')).status).toBe(201)
    await die()
    expect(await statusOf(`${RUNS}/2`)).toBe('Running')
    expect(await runDue(real, job)).toBe(true)
    const { job_parameters: told, job_status: status } = await read(`${RUNS}/2`)
    expect(status).toBe('Success')
    for (const name of ['items_compared', 'objects_compared']) {
      const least = Number(whole.told.job_parameters[name])
      expect(Number(told[name]), name).toBeGreaterThanOrEqual(least)
    }
    const log = await (await get(`${RUNS}/2/log`, 'watcher')).text()
    expect(log).toContain('the process that ran it is gone')

    expect((await set('Manual', { margin_hours: 0 }, 'POST')).status).toBe(201)
    await die()
    await die()
    expect(await runDue(real, job)).toBe(false)
    expect(await statusOf(`${RUNS}/3`)).toBe('Error')
  })

  it('are for those who may collect garbage, and take nothing that they do not know', async () => {
    const { get, send, set } = await start()
    expect((await get(RUNS, 'alice')).status).toBe(403)
    expect((await get(`${RUNS}/1/findings`, 'alice')).status).toBe(403)
    expect((await get(`${RUNS}/7/findings`, 'watcher')).status).toBe(404)
    const body = { schedule: { type: 'Manual' } }
    expect((await send('POST', SCHEDULE, 'watcher', body)).status).toBe(403)
    for (const given of [{ margin_hours: -1 }, { margin_hours: 0.5 }, { margin: 1 }]) {
      expect(await refusal(await set('Manual', given))).toMatch(/^4(00|22) .*margin/)
    }
  })
})
