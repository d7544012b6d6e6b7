import { describe, expect, it } from 'vitest'
import { addMember } from '../../../shared/projects/add-member.ts'
import type { Project } from '../../../shared/projects/project.ts'
import { charge } from '../../support/quota.ts'
import { changeSettings } from '../../../shared/settings/change.ts'
import type { Role } from '../../../shared/auth/roles.ts'
import { createDomainApi, refusal } from './domain.ts'

const start = async () => {
  const api = await createDomainApi()
  const { alice, bob, store, send, get } = api
  const project = await api.create('team')
  const addBob = async (role: Role, to: Project = project) => {
    const facts = { pid: to.pid, isPublic: to.isPublic, role: 'projectAdmin' } as const
    const given = { user: bob.number, userName: bob.name, role }
    return await addMember(store, { principal: alice, facts }, given)
  }
  const put = async (body: unknown, as = 'alice') => await send('PUT', '/projects/team', as, body)
  const read = async (path = '', as = 'alice'): Promise<unknown> =>
    await (await get(`/projects/team${path}`, as)).json()
  return { ...api, project, addBob, put, read }
}

describe('a project', () => {
  it('is found by its name and by its number, unless that is a name', async () => {
    const { ask, create, get } = await start()
    await create('12')
    const byName = { headers: { 'X-Is-Resource-Name': 'True' } }
    expect(await ask('/projects/team', 'alice')).toBe('200')
    expect(await ask('/projects/2', 'alice')).toBe('200')
    expect(await ask('/projects/12', 'admin')).toBe('404 NOT_FOUND')
    const response = await get('/projects/12', 'alice', byName)
    expect(await response.json()).toMatchObject({ name: '12', project_id: 3 })
  })

  it('looks to strangers like one that does not exist', async () => {
    const { ask, send } = await start()
    for (const name of ['team', 'nothing', 'No%20Name', '99999999999999']) {
      expect(await ask(`/projects/${name}`)).toBe('401 UNAUTHORIZED')
      expect(await ask(`/projects/${name}`, 'bob')).toBe('403 FORBIDDEN')
      expect((await send('PUT', `/projects/${name}`, 'bob', {})).status).toBe(403)
      expect((await send('DELETE', `/projects/${name}`, 'bob')).status).toBe(403)
    }
    expect(await ask('/projects/nothing', 'admin')).toBe('404 NOT_FOUND')
    expect(await ask('/projects/No%20Name', 'admin')).toBe('404 NOT_FOUND')
  })
})

describe('PUT /projects/{project_name_or_id}', () => {
  it('changes what is named and leaves the rest', async () => {
    const { put, read, get } = await start()
    const allowlist = { items: [{ cve_id: 'CVE-2024-1' }] }
    const first = { metadata: { auto_scan: 'true' }, cve_allowlist: allowlist }
    expect((await put(first)).status).toBe(200)
    expect((await put({ project_name: 'team', metadata: { public: 'true' } })).status).toBe(200)
    expect(await read()).toMatchObject({
      metadata: { public: 'true', auto_scan: 'true' },
      cve_allowlist: allowlist,
    })
    expect(await (await get('/projects')).json()).toMatchObject([{ name: 'team' }])
    expect((await put({ public: false, cve_allowlist: { items: null } })).status).toBe(200)
    expect(await read()).toMatchObject({
      metadata: { public: 'false' },
      cve_allowlist: { items: [] },
    })
  })

  it('keeps what several change at once', async () => {
    const { put, read } = await start()
    const changes = [{ auto_scan: 'true' }, { severity: 'low' }, { prevent_vul: 'true' }]
    const statuses = changes.map(async (metadata) => (await put({ metadata })).status)
    expect(await Promise.all(statuses)).toEqual([200, 200, 200])
    expect(await read()).toMatchObject({
      metadata: { auto_scan: 'true', severity: 'low', prevent_vul: 'true' },
    })
  })

  it('is for administrators of the project', async () => {
    const { put, addBob } = await start()
    await addBob('maintainer')
    expect((await put({ metadata: { public: 'true' } }, 'bob')).status).toBe(403)
  })

  it('refuses another name, and values that nobody knows', async () => {
    const { put } = await start()
    expect(await refusal(await put({ project_name: 'new' }))).toBe('400 a project keeps its name')
    expect((await put({ metadata: { severity: 'awful' } })).status).toBe(400)
    const twice = [{ cve_id: 'CVE-1' }, { cve_id: 'CVE-1' }]
    expect((await put({ cve_allowlist: { items: twice } })).status).toBe(400)
    expect((await put({ cve_allowlist: 'all' })).status).toBe(422)
  })
})

describe('DELETE /projects/{project_name_or_id}', () => {
  it('is refused while there are repositories, and says so beforehand', async () => {
    const { push, read, send } = await start()
    expect(await read('/_deletable')).toEqual({ deletable: true })
    await push('team/one')
    expect(await read('/_deletable')).toEqual({
      deletable: false,
      message: 'the project team has repositories',
    })
    expect(await refusal(await send('DELETE', '/projects/team', 'alice'))).toBe(
      '412 the project team has repositories',
    )
  })

  it('frees the name, and forgets the allowlist', async () => {
    const { send, put, ask, create, read } = await start()
    await put({ cve_allowlist: { items: [{ cve_id: 'CVE-2024-1' }] } })
    expect((await send('DELETE', '/projects/2', 'alice', {})).status).toBe(200)
    expect(await ask('/projects/team', 'admin')).toBe('404 NOT_FOUND')
    expect(await ask('/projects/team/_deletable', 'admin')).toBe('404 NOT_FOUND')
    await create('team')
    expect(await read()).toMatchObject({ project_id: 3, cve_allowlist: { items: [] } })
  })
})

describe('GET /projects/{project_name_or_id}/summary', () => {
  it('counts repositories, members by role and bytes', async () => {
    const { project, store, addBob, push, read, send } = await start()
    const bob = await addBob('developer')
    await push('team/one')
    await charge(store, project.pid, 40)
    await send('PUT', '/quotas/2', 'admin', { hard: { storage: 100 } })
    const counts = { maintainer_count: 0, guest_count: 0, limited_guest_count: 0 }
    const rest = { repo_count: 1, quota: { hard: { storage: 100 }, used: { storage: 40 } } }
    expect(await read('/summary')).toEqual({
      ...{ project_admin_count: 1, developer_count: 1, ...counts, ...rest },
    })
    const path = `/projects/team/members/${bob.number}`
    await send('PUT', path, 'alice', { role_id: 1 })
    await send('PUT', path, 'alice', { role_id: 1 })
    expect(await read('/summary')).toMatchObject({ project_admin_count: 2, developer_count: 0 })
    await send('DELETE', path, 'alice')
    expect(await read('/summary')).toMatchObject({ project_admin_count: 1, developer_count: 0 })
  })

  it('tells of members and of the quota whom it concerns', async () => {
    const { addBob, read, create, store } = await start()
    await addBob('limitedGuest')
    expect(await read('/summary', 'bob')).toEqual({
      repo_count: 0,
      quota: { hard: { storage: -1 }, used: { storage: 0 } },
    })
    await create('open', undefined, true)
    await changeSettings(store, { hasQuotas: false })
    expect(await read('/summary', 'bob')).toEqual({ repo_count: 0 })
  })

  it('of a public project tells strangers how many repositories it has', async () => {
    const { create, get } = await start()
    await create('open', undefined, true)
    expect(await (await get('/projects/open/summary')).json()).toEqual({ repo_count: 0 })
  })
})

describe('the metadata of a project', () => {
  const PATH = '/projects/team/metadatas'

  it('is read, added, set and removed, key by key', async () => {
    const { send, read } = await start()
    expect(await read('/metadatas/')).toEqual({ public: 'false' })
    expect((await send('POST', `${PATH}/`, 'alice', { auto_scan: 'true' })).status).toBe(200)
    expect((await send('POST', PATH, 'alice', { severity: 'low' })).status).toBe(200)
    expect(await read('/metadatas')).toEqual({
      public: 'false',
      auto_scan: 'true',
      severity: 'low',
    })
    expect((await send('PUT', `${PATH}/severity`, 'alice', { severity: 'high' })).status).toBe(200)
    expect((await send('PUT', `${PATH}/public`, 'alice', { public: 'true' })).status).toBe(200)
    expect(await read('/metadatas/severity')).toEqual({ severity: 'high' })
    expect(await read('/metadatas/public')).toEqual({ public: 'true' })
    expect((await send('DELETE', `${PATH}/severity`, 'alice')).status).toBe(200)
    expect((await send('DELETE', `${PATH}/severity`, 'alice')).status).toBe(404)
    expect((await send('GET', `${PATH}/severity`, 'alice')).status).toBe(404)
  })

  it('is added once, whoever asks at the same time', async () => {
    const { send } = await start()
    const all = ['low', 'high', 'none'].map(
      async (severity) => (await send('POST', `${PATH}/`, 'alice', { severity })).status,
    )
    expect((await Promise.all(all)).sort()).toEqual([200, 409, 409])
    expect((await send('POST', `${PATH}/`, 'alice', { public: 'true' })).status).toBe(409)
  })

  it.each([
    ['POST', '/', {}, 400],
    ['POST', '/', { auto_scan: 'true', severity: 'low' }, 400],
    ['POST', '/', { unknown: 'true' }, 400],
    ['POST', '/', { auto_scan: 'yes' }, 400],
    ['POST', '/', { auto_scan: true }, 422],
    ['PUT', '/severity', { auto_scan: 'true' }, 400],
    ['PUT', '/unknown', { unknown: 'x' }, 400],
    ['PUT', '/__proto__', { a: 'x' }, 400],
    ['DELETE', '/public', undefined, 400],
    ['DELETE', '/unknown', undefined, 404],
    ['GET', '/unknown', undefined, 404],
  ])('by %s %s %j is refused', async (method, path, body, status) => {
    const { send } = await start()
    expect((await send(method, `${PATH}${path}`, 'alice', body)).status).toBe(status)
  })

  it('is for maintainers', async () => {
    const { send, addBob } = await start()
    await addBob('developer')
    for (const method of ['GET', 'POST']) {
      const body = method === 'GET' ? undefined : { auto_scan: 'true' }
      expect((await send(method, `${PATH}/`, 'bob', body)).status).toBe(403)
    }
  })
})
