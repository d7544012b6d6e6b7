import { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import { auditPurgeJob } from '../../../shared/audit/purge-job.ts'
import { listAudit, readMonths } from '../../../shared/audit/list.ts'
import { claimRun } from '../../../shared/schedules/claim.ts'
import { runDue } from '../../../shared/schedules/run-due.ts'
import { queryAll } from '../../../shared/store/query.ts'
import type { Principal, RobotNumber } from '../../../shared/auth/principal.ts'
import { auditCounts, ENDED_AUDIT_LOGS, type ProjectId } from '../../../shared/table.ts'
import { createDomainApi, refusal } from './domain.ts'

const SCHEDULE = '/system/purgeaudit/schedule'
const RUNS = '/system/purgeaudit'
const HOUR = 60 * 60_000
const ALL = { audit_retention_hour: 24, include_operations: 'create,update,delete' }

const execution = z.object({
  id: z.number(),
  job_name: z.literal('PURGE_AUDIT_LOG'),
  job_kind: z.string(),
  job_parameters: z.string().transform((text): unknown => JSON.parse(text)),
  schedule: z.object({
    type: z.string(),
    cron: z.string().optional(),
    next_scheduled_time: z.string().optional(),
  }),
  job_status: z.string(),
  deleted: z.literal(false),
  creation_time: z.string().optional(),
  update_time: z.string().optional(),
})

const start = async () => {
  const woken: string[] = []
  const keeper: Principal = {
    ...{ kind: 'robot', number: 9 as RobotNumber, name: 'robot$keeper', projects: [] },
    system: ['purge-audit:read', 'purge-audit:list'],
  }
  const others = { keeper }
  const jobWaits = (job: string): Promise<void> => {
    woken.push(job)
    return Promise.resolve()
  }
  const api = await createDomainApi({ others, deps: { jobWaits } })
  const { send, get, real } = api
  const set = async (type: string, parameters?: unknown, cron?: string, method = 'PUT') =>
    await send(method, SCHEDULE, 'admin', { schedule: { type, cron }, parameters })
  const read = async (path: string) => execution.parse(await (await get(path, 'admin')).json())
  const run = async (parameters: unknown) => {
    const response = await set('Manual', parameters, undefined, 'POST')
    await runDue(real, auditPurgeJob(real))
    return (response.headers.get('Location') ?? '').replace('/api/v2.0', '')
  }
  const resources = async () =>
    (await listAudit(real, ['system'], { limit: 100 })).entries
      .map(({ operation, resourceType, resource }) => `${operation}_${resourceType} ${resource}`)
      .filter((entry) => !entry.includes('audit'))
      .reverse()
  return { ...api, woken, set, read, run, resources }
}

describe('the schedule of the purge', () => {
  it('is none at first, for Terraform, too', async () => {
    const { read } = await start()
    expect(await read(SCHEDULE)).toMatchObject({
      job_parameters: {},
      schedule: { type: 'None' },
    })
  })

  it('is set, changed and taken away', async () => {
    const { set, read } = await start()
    const parameters = { audit_retention_hour: 168, dry_run: true, include_event_types: 'a_b' }
    const made = await set('Hourly', parameters, '0 0 * * * *', 'POST')
    expect([made.status, made.headers.get('Location')]).toEqual([201, `/api/v2.0${SCHEDULE}`])
    const first = await read(SCHEDULE)
    expect(first).toMatchObject({
      job_kind: '0 0 * * * *',
      job_parameters: parameters,
      schedule: { type: 'Hourly', cron: '0 0 * * * *' },
    })
    expect(first.schedule.next_scheduled_time).toMatch(/:00:00.000Z$/)
    expect((await set('Weekly', ALL)).status).toBe(200)
    expect(await read(SCHEDULE)).toMatchObject({
      schedule: { type: 'Weekly', cron: '0 0 0 * * 6' },
      creation_time: first.creation_time,
      job_parameters: { audit_retention_hour: 24, include_operations: 'create,update,delete' },
    })
    expect((await set('None')).status).toBe(200)
    expect((await read(SCHEDULE)).schedule).toEqual({ type: 'None', cron: '' })
  })

  it.each([
    ['a cron expression of five fields', 'Custom', ALL, '0 0 * * *', 400],
    ['every second', 'Custom', ALL, '* * * * * *', 400],
    ['no cron expression', 'Custom', ALL, undefined, 400],
    ['no cron expression', 'Schedule', ALL, '', 400],
    ['no parameters', 'Daily', undefined, undefined, 400],
    ['no list of types', 'Daily', { audit_retention_hour: 1 }, undefined, 400],
    ['no hours', 'Daily', { include_operations: 'create' }, undefined, 422],
    ['0 hours', 'Manual', { ...ALL, audit_retention_hour: 0 }, undefined, 400],
    ['too many hours', 'Manual', { ...ALL, audit_retention_hour: 240_001 }, undefined, 400],
    ['half an hour', 'Manual', { ...ALL, audit_retention_hour: 0.5 }, undefined, 422],
    ['a long list', 'Manual', { ...ALL, include_event_types: 'a'.repeat(9_000) }, undefined, 400],
    ['a type of its own', 'Often', ALL, undefined, 400],
  ])('is refused with %s (%s)', async (_what, type, parameters, cron, status) => {
    const { set, read, get } = await start()
    expect((await set(type, parameters, cron, 'POST')).status).toBe(status)
    expect((await set(type, parameters, cron)).status).toBe(status)
    expect((await read(SCHEDULE)).schedule.type).toBe('None')
    expect((await get(RUNS, 'admin')).headers.get('X-Total-Count')).toBe('0')
  })

  it('runs the purge', async () => {
    const { set, read, real, pass, send, resources } = await start()
    await send('POST', '/projects', 'alice', { project_name: 'team' })
    await set('Daily', ALL)
    pass(49 * HOUR)
    expect(await runDue(real, auditPurgeJob(real))).toBe(true)
    expect(await resources()).toEqual([])
    expect(await read(`${RUNS}/1`)).toMatchObject({ job_kind: 'SCHEDULE', job_status: 'Success' })
  })

  it('is for who may see to it', async () => {
    const { ask, send } = await start()
    const body = { schedule: { type: 'None' } }
    for (const path of [SCHEDULE, RUNS, `${RUNS}/1`, `${RUNS}/1/log`]) {
      expect(await ask(path)).toBe('401 UNAUTHORIZED')
      expect(await ask(path, 'alice')).toBe('403 FORBIDDEN')
    }
    expect([await ask(SCHEDULE, 'keeper'), await ask(RUNS, 'keeper')]).toEqual(['200', '200'])
    for (const [method, path] of [
      ['POST', SCHEDULE],
      ['PUT', SCHEDULE],
      ['PUT', `${RUNS}/1`],
    ] as const) {
      expect((await send(method, path, undefined, body)).status).toBe(401)
      expect((await send(method, path, 'alice', body)).status).toBe(403)
      expect((await send(method, path, 'keeper', body)).status).toBe(403)
    }
  })
})

describe('a purge', () => {
  const withProject = async () => {
    const api = await start()
    const { pass } = api
    // Entries of the same millisecond have no order.
    const send: typeof api.send = async (...args) => {
      pass(1)
      return await api.send(...args)
    }
    await send('POST', '/projects', 'alice', { project_name: 'team' })
    await send('PUT', '/projects/team', 'alice', { metadata: { public: 'true' } })
    await send('PUT', '/configurations', 'admin', { session_timeout: 9 })
    pass(48 * HOUR)
    await send('POST', '/projects', 'bob', { project_name: 'young' })
    const ofTeam = async () =>
      Number((await api.get('/projects/team/auditlog-exts', 'alice')).headers.get('X-Total-Count'))
    return { ...api, ofTeam }
  }
  const CREATED = 'create_project team'
  const UPDATED = ['update_project team', 'update_configuration configurations']
  const YOUNG = 'create_project young'

  it('runs at once, and takes what is old from all logs', async () => {
    const { run, read, get, woken, resources, ofTeam } = await withProject()
    expect(await ofTeam()).toBe(2)
    expect(await run(ALL)).toBe(`${RUNS}/1`)
    expect(woken).toEqual(['auditPurge'])
    expect(await read(`${RUNS}/1`)).toMatchObject({
      ...{ id: 1, job_kind: 'MANUAL', job_status: 'Success', schedule: { type: 'Manual' } },
      job_parameters: { audit_retention_hour: 24, purged: 3 },
    })
    expect([await resources(), await ofTeam()]).toEqual([[YOUNG], 0])
    const log = await get(`${RUNS}/1/log`, 'admin')
    expect(log.headers.get('Content-Type')).toMatch(/^text\/plain/)
    const text = await log.text()
    expect(text).toContain('3 entries were purged')
    expect(text).toContain('2 copies in the logs of projects')
  })

  it('takes only the types of events that are named', async () => {
    const { run, resources, ofTeam } = await withProject()
    await run({
      ...{ audit_retention_hour: 24, dry_run: false },
      include_event_types: ' Update_Project, update_configuration,scan_artifact,',
    })
    expect([await resources(), await ofTeam()]).toEqual([[CREATED, YOUNG], 1])
    await run({ audit_retention_hour: 1, include_event_types: '' })
    await run({ audit_retention_hour: 1, include_operations: 'pull' })
    expect(await resources()).toEqual([CREATED, YOUNG])
  })

  it('changes nothing when it is a dry run, and counts', async () => {
    const { run, read, resources, ofTeam } = await withProject()
    await run({ ...ALL, dry_run: true })
    expect(await resources()).toEqual([CREATED, ...UPDATED, YOUNG])
    expect(await ofTeam()).toBe(2)
    expect((await read(`${RUNS}/1`)).job_parameters).toMatchObject({ dry_run: true, purged: 3 })
  })

  it('takes the logs of deleted projects along, and then nothing is left of them', async () => {
    const { run, send, pass, get, real } = await withProject()
    const ended = async () => await queryAll(real, { pk: ENDED_AUDIT_LOGS, read: 'strong' })
    const leftOf = async (pid: ProjectId) =>
      await queryAll(real, { pk: auditCounts(pid), read: 'strong' })
    await send('DELETE', '/projects/team', 'alice')
    expect((await get('/projects/team', 'admin')).status).toBe(404)
    const [log] = await ended()
    const pid = log?.sk as ProjectId
    await run(ALL)
    expect(await readMonths(real, pid)).toEqual([])
    // What was on its way into the log may still come.
    expect(await ended()).toHaveLength(1)
    pass(48 * HOUR)
    await run({ ...ALL, dry_run: true })
    expect([(await ended()).length, (await leftOf(pid)).length > 0]).toEqual([1, true])
    await run(ALL)
    expect([await ended(), await leftOf(pid)]).toEqual([[], []])
  })

  it('is one at a time', async () => {
    const { set } = await start()
    expect((await set('Manual', ALL, undefined, 'POST')).status).toBe(201)
    const second = await set('Manual', ALL)
    expect(await refusal(second)).toBe('409 run 1 is not over; wait for it, or stop it')
  })

  it('is stopped', async () => {
    const { set, send, read, real } = await start()
    await set('Manual', ALL)
    expect(await claimRun(real, 'auditPurge')).toMatchObject({ number: 1 })
    expect((await send('PUT', `${RUNS}/1`, 'admin')).status).toBe(200)
    expect((await read(`${RUNS}/1`)).job_status).toBe('Running')
    real.pass(HOUR)
    await runDue(real, auditPurgeJob(real))
    expect((await read(`${RUNS}/1`)).job_status).toBe('Stopped')
    await set('Manual', ALL)
    expect((await send('PUT', `${RUNS}/2`, 'admin')).status).toBe(200)
    expect((await read(`${RUNS}/2`)).job_status).toBe('Stopped')
    expect((await send('PUT', `${RUNS}/2`, 'admin')).status).toBe(200)
    expect((await send('PUT', `${RUNS}/3`, 'admin')).status).toBe(404)
  })

  it('that there was not is 404', async () => {
    const { ask } = await start()
    expect(await ask(`${RUNS}/1`, 'admin')).toBe('404 NOT_FOUND')
    expect(await ask(`${RUNS}/0/log`, 'admin')).toBe('404 NOT_FOUND')
    expect(await ask(`${RUNS}/x`, 'admin')).toBe('422 UNPROCESSABLE_ENTITY')
  })
})

describe('the history of purges', () => {
  it('has pages, the newest first, and is filtered and sorted', async () => {
    const { run, get, pass } = await start()
    for (let number = 1; number <= 5; number += 1) {
      await run(ALL)
      // What is made in the same millisecond has no order by time.
      pass(1)
    }
    const ids = async (query: string) => {
      const response = await get(`${RUNS}?${query}`, 'admin')
      const runs = z.array(execution).parse(await response.json())
      return [response.headers.get('X-Total-Count'), ...runs.map(({ id }) => id)]
    }
    expect(await ids('page_size=2')).toEqual(['5', 5, 4])
    expect(await ids('page_size=2&page=2')).toEqual(['5', 3, 2])
    expect(await ids('page_size=2&page=4')).toEqual(['5'])
    expect(await ids('sort=creation_time')).toEqual(['5', 1, 2, 3, 4, 5])
    expect(await ids('sort=id&page_size=2&page=2')).toEqual(['5', 3, 4])
    expect(await ids('q=job_status=Error')).toEqual(['0'])
    const { headers } = await get(`${RUNS}?page_size=2&page=2`, 'admin')
    expect(headers.get('Link')).toContain('rel="next"')
  })
})
