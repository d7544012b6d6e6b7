import { describe, expect, it } from 'vitest'
import type { Principal, RobotNumber } from '../../../shared/auth/principal.ts'
import { readQuota } from '../../../shared/quota/read.ts'
import { charge } from '../../support/quota.ts'
import { createDomainApi, refusal } from './domain.ts'

const keeper: Principal = {
  kind: 'robot',
  number: 1 as RobotNumber,
  name: 'robot$quotas',
  system: ['quota:list', 'quota:update'],
  projects: [],
}

const start = async () => {
  const api = await createDomainApi({ others: { keeper } })
  const { create, store, get, send } = api
  const projects = [await create('c'), await create('a'), await create('b')]
  for (const [index, { pid }] of projects.entries()) {
    await charge(store, pid, 100 - index)
  }
  const put = async (id: number, storage: unknown, as = 'admin') =>
    await send('PUT', `/quotas/${id}`, as, { hard: { storage } })
  const list = async (query = '') => {
    const response = await get(`/quotas${query}`, 'admin')
    const body: unknown = await response.json()
    return { body, total: response.headers.get('X-Total-Count') }
  }
  return { ...api, projects, put, list }
}

describe('the quota of a project', () => {
  it('has the id of the project, and tells what it stores', async () => {
    const { get } = await start()
    const time: unknown = expect.stringMatching(/Z$/)
    expect(await (await get('/quotas/2', 'admin')).json()).toEqual({
      id: 2,
      ref: { id: 2, name: 'c', owner_name: 'alice' },
      hard: { storage: -1 },
      used: { storage: 100 },
      creation_time: time,
      update_time: time,
    })
  })

  it('is set, and taken away again', async () => {
    const { put, get, store, projects } = await start()
    expect((await put(2, 500)).status).toBe(200)
    expect(await (await get('/quotas/2', 'admin')).json()).toMatchObject({ hard: { storage: 500 } })
    expect((await put(2, -1, 'keeper')).status).toBe(200)
    const [first] = projects
    if (first === undefined) throw new Error('no project')
    expect(await readQuota(store, first.pid)).toMatchObject({ limitBytes: -1, usedBytes: 100 })
  })

  it('is for administrators and robots with the right', async () => {
    const { ask, put } = await start()
    expect(await ask('/quotas')).toBe('401 UNAUTHORIZED')
    expect(await ask('/quotas', 'alice')).toBe('403 FORBIDDEN')
    expect(await ask('/quotas/2', 'alice')).toBe('403 FORBIDDEN')
    expect(await ask('/quotas', 'keeper')).toBe('200')
    expect(await ask('/quotas/2', 'keeper')).toBe('403 FORBIDDEN')
    expect((await put(2, 1, 'alice')).status).toBe(403)
  })

  it.each([0, -2, 2 ** 52, 1e300])('cannot be %d', async (storage) => {
    const { put } = await start()
    expect([400, 422]).toContain((await put(2, storage)).status)
  })

  it('is refused for what is no limit, and for no project', async () => {
    const { put, send, ask } = await start()
    expect(await refusal(await put(2, 0))).toBe(
      '400 a storage limit is -1 (none) or a number of bytes above 0',
    )
    expect((await put(2, '1')).status).toBe(422)
    expect((await put(2, 1.5)).status).toBe(422)
    expect((await put(99, 1)).status).toBe(404)
    expect((await send('PUT', '/quotas/2', 'admin', { hard: { count: 1 } })).status).toBe(400)
    expect((await send('PUT', '/quotas/2', 'admin', {})).status).toBe(422)
    expect(await ask('/quotas/99', 'admin')).toBe('404 NOT_FOUND')
    expect(await ask('/quotas/x', 'admin')).toBe('422 UNPROCESSABLE_ENTITY')
  })
})

describe('the list of quotas', () => {
  it.each([
    ['', ['a', 'b', 'c'], '3'],
    ['?reference=project', ['a', 'b', 'c'], '3'],
    ['?page_size=2', ['a', 'b'], '3'],
    ['?page_size=2&page=2', ['c'], '3'],
    ['?page=9', [], '3'],
    ['?reference=project&reference_id=3', ['a'], '1'],
    ['?reference_id=99', [], '0'],
    ['?reference_id=x', [], '0'],
    ['?reference=user', [], '0'],
    ['?sort=used.storage', ['b', 'a', 'c'], '3'],
    ['?sort=-used.storage&page_size=2', ['c', 'a'], '3'],
    ['?sort=-hard.storage', ['b', 'a', 'c'], '3'],
    ['?q=used.storage%3D%5B99~%5D', ['a', 'c'], '2'],
  ])('of %s', async (query, names, total) => {
    const { list, put } = await start()
    await put(4, 1_000)
    await put(3, 500)
    const found = await list(query)
    expect(found).toMatchObject({ body: names.map((name) => ({ ref: { name } })), total })
    expect(found.body).toHaveLength(names.length)
  })

  it('is empty where there are no projects', async () => {
    const { get } = await createDomainApi()
    const response = await get('/quotas?sort=-used.storage', 'admin')
    expect(await response.json()).toEqual([])
    expect(response.headers.get('X-Total-Count')).toBe('0')
  })
})
