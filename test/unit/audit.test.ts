import { describe, expect, it } from 'vitest'
import { carrying } from '../../shared/audit/carry.ts'
import { entryWrites, type AuditEvent } from '../../shared/audit/entry.ts'
import { filterAudit, listAudit, readMonths } from '../../shared/audit/list.ts'
import { purgeAudit } from '../../shared/audit/purge.ts'
import { createAuditRecorder } from '../../shared/audit/recorder.ts'
import { auditWrites } from '../../shared/audit/writes.ts'
import { createProject } from '../../shared/projects/create.ts'
import { parseProjectName } from '../../shared/projects/name.ts'
import { setStorageLimit } from '../../shared/quota/limit.ts'
import { changeSettings } from '../../shared/settings/change.ts'
import { transact } from '../../shared/store/transact.ts'
import type { ProjectId } from '../../shared/table.ts'
import { createTestApp, pushImage } from '../support/app.ts'
import { createCounter } from '../support/counter.ts'
import { openMemory } from '../../shared/memory/open.ts'
import { createTestStore, createTestUser, refusalOf } from '../support/domain.ts'

const PID = 'some-project' as ProjectId
const ALICE = { name: 'alice', address: '192.0.2.1' }
const DAY_MS = 24 * 60 * 60 * 1000
const event = (resource: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
  ...{ operation: 'create', resourceType: 'artifact', resource, pid: PID },
  ...more,
})

const open = async (count = 0) => {
  const store = createTestStore()
  const log = async (resource: string, more: Partial<AuditEvent> = {}) => {
    await transact(store, entryWrites(store, ALICE, event(resource, more)))
    store.pass(1)
  }
  for (let index = 0; index < count; index += 1) await log(`p/a:${index}`)
  const resources = async (limit = 100, skip = 0) => {
    const { entries, total } = await listAudit(store, ['system'], { limit, skip })
    return { resources: entries.map(({ resource }) => resource), total }
  }
  return { store, log, resources }
}

describe('the audit log', () => {
  it('tells who did what, when and from where, the newest first', async () => {
    const { log, store } = await open()
    const before = store.clock.now()
    await log('p/a:1', { description: 'a sentence' })
    await log('p', { operation: 'delete', resourceType: 'project', isSuccess: false })
    const { entries, total } = await listAudit(store, ['system'], { limit: 10 })
    expect(total).toBe(2)
    expect(entries).toMatchObject([
      { operation: 'delete', resourceType: 'project', resource: 'p', isSuccess: false },
      {
        ...{ operator: 'alice', address: '192.0.2.1', operation: 'create' },
        ...{ resource: 'p/a:1', description: 'a sentence', isSuccess: true },
      },
    ])
    const [, first] = entries
    expect(first?.at).toBeGreaterThanOrEqual(before)
    expect(Number.isSafeInteger(first?.number)).toBe(true)
  })

  it('has pages, over the ends of months too, and counts all of them', async () => {
    const { log, resources, store } = await open(7)
    store.pass(40 * DAY_MS)
    for (let index = 7; index < 12; index += 1) await log(`p/a:${index}`)
    expect((await readMonths(store, 'system')).length).toBeGreaterThanOrEqual(2)
    const all = Array.from({ length: 12 }, (_, index) => `p/a:${11 - index}`)
    expect(await resources(5)).toEqual({ resources: all.slice(0, 5), total: 12 })
    expect(await resources(5, 5)).toEqual({ resources: all.slice(5, 10), total: 12 })
    expect(await resources(5, 10)).toEqual({ resources: all.slice(10), total: 12 })
    expect(await resources(5, 15)).toEqual({ resources: [], total: 12 })
  })

  it('of a project has what happened in it, and several can be read as one', async () => {
    const { log, store } = await open(2)
    await log('q/b:1', { pid: 'other-project' as ProjectId })
    await log('alice', { pid: undefined, resourceType: 'user', operation: 'login' })
    const of = async (...pids: readonly string[]) =>
      (await listAudit(store, pids as ProjectId[], { limit: 9 })).entries.map((one) => one.resource)
    expect(await of(PID)).toEqual(['p/a:1', 'p/a:0'])
    expect(await of(PID, 'other-project')).toEqual(['q/b:1', 'p/a:1', 'p/a:0'])
    expect(await of('none')).toEqual([])
    expect(await of()).toEqual([])
  })

  it('can be filtered, and counts what fits', async () => {
    const { store } = await open(30)
    const fits = ({ resource }: { readonly resource: string }) => resource.endsWith('1')
    const { entries, total } = await filterAudit(store, ['system'], { limit: 2 }, fits)
    expect(entries.map(({ resource }) => resource)).toEqual(['p/a:21', 'p/a:11'])
    expect(total).toBe(3)
  })

  it('takes as many round trips for its first page with 1,000 entries as with 10', async () => {
    const trips = async (count: number) => {
      const { store } = await open(count)
      const counter = createCounter()
      const counted = { ...store, ...counter.wrap({ kv: store.kv, objects: openMemory().objects }) }
      await listAudit(counted, ['system'], { limit: 10 })
      return counter.depth()
    }
    expect(await trips(1_000)).toBe(await trips(10))
  })

  it('loses what is old when it is purged, and the count of it; a dry run counts only', async () => {
    const { log, resources, store } = await open(200)
    store.pass(40 * DAY_MS)
    await log('p/a:new')
    const before = store.clock.now() - 30 * DAY_MS
    const old = { scope: 'system', before } as const
    expect(await purgeAudit(store, { ...old, isDryRun: true })).toBe(200)
    expect((await resources()).total).toBe(201)
    const odd = ({ resource }: { readonly resource: string }) => /[13579]$/.test(resource)
    expect(await purgeAudit(store, { ...old, fits: odd })).toBe(100)
    expect((await resources()).total).toBe(101)
    expect(await purgeAudit(store, old)).toBe(100)
    expect(await resources()).toEqual({ resources: ['p/a:new'], total: 1 })
  })

  it('keeps a right count when a purge ends in the middle, and the next one takes the rest', async () => {
    const { resources, store } = await open(400)
    store.pass(DAY_MS)
    const before = store.clock.now() - 1_000
    let asked = 0
    const isStopped = async () => await Promise.resolve((asked += 1) > 2)
    const first = await purgeAudit(store, { scope: 'system', before, isStopped })
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThan(400)
    const left = await resources(400)
    expect([left.total, left.resources.length]).toEqual([400 - first, 400 - first])
    expect(await purgeAudit(store, { scope: 'system', before })).toBe(400 - first)
    expect(await resources()).toEqual({ resources: [], total: 0 })
  })

  it('counts every deletion once when two purge at the same time', async () => {
    const { resources, store } = await open(150)
    store.pass(DAY_MS)
    const purge = async () =>
      await purgeAudit(store, { scope: 'system', before: store.clock.now() - 1_000 })
    const purged = await Promise.all([purge(), purge()])
    expect(purged.reduce((sum, one) => sum + one, 0)).toBe(150)
    expect(await resources()).toEqual({ resources: [], total: 0 })
  })
})

describe('what is written with a change', () => {
  const open = async () => {
    const store = createTestStore()
    const alice = await createTestUser(store, 2)
    const carried = () =>
      carrying(store, entryWrites(store, ALICE, event('p', { resourceType: 'project' })))
    const total = async () => (await listAudit(store, ['system'], { limit: 1 })).total
    return { store, alice, carried, total }
  }

  it('comes with it once, and not when the change is refused', async () => {
    const { alice, carried, total } = await open()
    const name = parseProjectName('team')
    const project = await createProject(carried(), alice, { name })
    expect(await total()).toBe(1)
    expect(await refusalOf(createProject(carried(), alice, { name }))).toBe('CONFLICT')
    expect(await total()).toBe(1)
    // One write by itself, and not a transaction.
    await setStorageLimit(carried(), project.pid, 1_000)
    expect(await total()).toBe(2)
    expect(await refusalOf(setStorageLimit(carried(), PID, 1_000))).toBe('NOT_FOUND')
    expect(await total()).toBe(2)
  })
})

describe('what no transaction tells of', () => {
  it('is gathered, written later, and once a minute when it is the same', async () => {
    const { store, resources } = await open()
    const { flush, record } = createAuditRecorder(store)
    const pull = (resource: string) => {
      record(ALICE, event(resource, { operation: 'pull' }))
    }
    for (let index = 0; index < 60; index += 1) {
      pull(`p/a:${index}`)
      pull('p/a:same')
    }
    expect((await resources()).total).toBe(0)
    await flush()
    expect((await resources()).total).toBe(61)
    pull('p/a:same')
    store.pass(61_000)
    pull('p/a:same')
    await flush()
    expect((await resources()).total).toBe(62)
  })

  it('is left out when the settings say so, as it is from transactions', async () => {
    const { resources, store } = await open()
    const { flush, record } = createAuditRecorder(store)
    await changeSettings(store, { unloggedEvents: ['pull_artifact'] })
    await flush()
    record(ALICE, event('p/a:1', { operation: 'pull' }))
    record(ALICE, event('p/a:2', { operation: 'login', resourceType: 'user' }))
    await flush()
    expect((await resources()).resources).toEqual(['p/a:2'])
    const writes = await auditWrites(store, ALICE)
    expect(writes(event('p/a:3', { operation: 'pull' }))).toEqual([])
    expect(writes(event('p/a:3'))).toHaveLength(4)
  })

  it('is kept when it cannot be written, for the next time', async () => {
    const { resources, store } = await open()
    let isDown = true
    const kv = {
      ...store.kv,
      transact: async (...args: Parameters<typeof store.kv.transact>) => {
        if (isDown) throw new Error('down')
        return await store.kv.transact(...args)
      },
    }
    const { flush, record } = createAuditRecorder({ ...store, kv })
    record(ALICE, event('p/a:1', { operation: 'pull' }))
    await expect(flush()).rejects.toThrow('down')
    isDown = false
    await flush()
    expect(await resources()).toEqual({ resources: ['p/a:1'], total: 1 })
  })
})

describe('the distribution API', () => {
  it('logs pushes and deletions in their transactions, and tells of pulls', async () => {
    const pulls: string[] = []
    const registry = createTestApp({
      pulled: ({ name, digest }) => pulls.push(`${name.path} ${digest}`),
    })
    const store = { ...createTestStore(), kv: registry.kv }
    const digest = await pushImage(registry, 'p/a', 'v1', ['one'])
    await pushImage(registry, 'p/a', 'v2', ['one'])
    // Nothing changes, so there is nothing to tell.
    await pushImage(registry, 'p/a', 'v2', ['one'])
    await registry.app.request('/v2/p/a/manifests/v1')
    await registry.app.request('/v2/p/a/manifests/v1', { method: 'HEAD' })
    await registry.app.request('/v2/p/a/manifests/v1', { method: 'DELETE' })
    await registry.app.request(`/v2/p/a/manifests/${digest}`, { method: 'DELETE' })
    const { entries } = await listAudit(store, ['system'], { limit: 9 })
    expect(
      entries.map(({ operation, resource, resourceType }) => [operation, resourceType, resource]),
    ).toEqual([
      ['delete', 'artifact', `p/a@${digest}`],
      ['delete', 'tag', 'p/a:v1'],
      ['create', 'artifact', 'p/a:v2'],
      ['create', 'artifact', 'p/a:v1'],
    ])
    expect(pulls).toEqual([`a ${digest}`])
  })
})
