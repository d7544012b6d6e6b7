import { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import type { Principal, RobotNumber } from '../../../shared/auth/principal.ts'
import type { SystemPermission } from '../../../shared/auth/permissions.ts'
import { addMember } from '../../../shared/projects/add-member.ts'
import { readQuota } from '../../../shared/quota/read.ts'
import { changeSettings } from '../../../shared/settings/change.ts'
import { createDomainApi, refusal } from './domain.ts'

const robot = (...system: readonly SystemPermission[]): Principal => ({
  kind: 'robot',
  number: 1 as RobotNumber,
  name: 'robot$ci',
  system,
  projects: [],
})

const start = async () => {
  const others = { maker: robot('project:create'), lister: robot('project:list'), other: robot() }
  const api = await createDomainApi({ others })
  const names = async (query: string, as?: string) => {
    const response = await api.get(`/projects${query}`, as)
    if (response.status !== 200) return await refusal(response)
    const body = z.array(z.object({ name: z.string() })).parse(await response.json())
    return {
      names: body.map(({ name }) => name),
      total: response.headers.get('X-Total-Count'),
      link: response.headers.get('Link'),
    }
  }
  const make = async (body: unknown, as = 'alice') => await api.send('POST', '/projects', as, body)
  return { ...api, names, make }
}

const TIME: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/)

describe('POST /projects', () => {
  it('makes a project as Harbor’s CLI asks for one, and says where it is', async () => {
    const { make, get } = await start()
    const response = await make({
      project_name: 'team',
      public: true,
      metadata: { public: 'true' },
      storage_limit: -1,
    })
    expect(response.status).toBe(201)
    expect(response.headers.get('Location')).toBe('/api/v2.0/projects/2')
    expect(await response.text()).toBe('')
    expect(await (await get('/projects/2', 'alice')).json()).toEqual({
      project_id: 2,
      name: 'team',
      owner_id: 2,
      owner_name: 'alice',
      creation_time: TIME,
      update_time: TIME,
      deleted: false,
      metadata: { public: 'true' },
      repo_count: 0,
      togglable: true,
      current_user_role_id: 1,
      current_user_role_ids: [1],
      cve_allowlist: { id: 2, project_id: 2, items: [], creation_time: TIME, update_time: TIME },
    })
  })

  it('says where it is by name, if a client prefers that', async () => {
    const { get } = await start()
    const response = await get('/projects', 'alice', {
      method: 'POST',
      body: '{"project_name":"team"}',
      headers: { 'Content-Type': 'application/json', 'X-Resource-Name-In-Location': 'true' },
    })
    expect(response.headers.get('Location')).toBe('/api/v2.0/projects/team')
  })

  it('keeps what Terraform sends, so that a second plan has nothing to change', async () => {
    const { make, get } = await start()
    const metadata = {
      public: 'false',
      auto_scan: 'true',
      severity: 'high',
      prevent_vul: 'true',
      reuse_sys_cve_allowlist: 'false',
      enable_content_trust: 'false',
      enable_content_trust_cosign: 'true',
      auto_sbom_generation: 'false',
      proxy_speed_kb: '-1',
      proxy_cache_local_on_not_found: 'false',
    }
    const items = [{ cve_id: 'CVE-2024-1' }, { cve_id: 'GHSA-x-y' }]
    const body = { project_name: 'tf', registry_id: 0, storage_limit: 1_000, metadata }
    await make({ ...body, cve_allowlist: { items, expires_at: 1_900_000_000 } }, 'admin')
    expect(await (await get('/projects/tf', 'admin')).json()).toMatchObject({
      metadata,
      cve_allowlist: { items, expires_at: 1_900_000_000 },
    })
    expect((await make({ ...body, project_name: 'tf2', cve_allowlist: {} }, 'admin')).status).toBe(
      201,
    )
    expect(await (await get('/projects/tf2', 'admin')).json()).toMatchObject({
      cve_allowlist: { items: [] },
    })
  })

  it('reads the older `public`, but `metadata` before it, and passes over what it does not know', async () => {
    const { make, get } = await start()
    await make({ project_name: 'old', public: true, metadata: { later: 'x', severity: '' } })
    await make({ project_name: 'new', public: true, metadata: { public: 'false' } })
    expect(await (await get('/projects/old')).json()).toMatchObject({
      metadata: { public: 'true' },
    })
    expect(await (await get('/projects/new', 'alice')).json()).toMatchObject({
      metadata: { public: 'false' },
    })
  })

  it('lets administrators and robots with the right set a limit; for others the settings say it', async () => {
    const { make, store, names, get } = await start()
    await changeSettings(store, { storagePerProjectBytes: 500 })
    const limitOf = async (name: string, as: string, limit?: number) => {
      const { status } = await make({ project_name: name, storage_limit: limit }, as)
      expect(status).toBe(201)
      const body: unknown = await (await get(`/projects/${name}/summary`, 'admin')).json()
      return z.object({ quota: z.object({ hard: z.object({ storage: z.int() }) }) }).parse(body)
        .quota.hard.storage
    }
    expect(await limitOf('a', 'admin', 7)).toBe(7)
    expect(await limitOf('b', 'maker', -1)).toBe(-1)
    expect(await limitOf('c', 'alice', 7)).toBe(500)
    expect(await limitOf('d', 'admin')).toBe(500)
    expect(await limitOf('e', 'admin', 0)).toBe(500)
    expect(await names('', 'admin')).toMatchObject({ total: '5' })
  })

  it('sets no limit while there are no quotas', async () => {
    const { make, create, store } = await start()
    await changeSettings(store, { storagePerProjectBytes: 500, hasQuotas: false })
    await make({ project_name: 'a', storage_limit: 7 }, 'admin')
    const { pid } = await create('b')
    expect(await readQuota(store, pid)).toMatchObject({ limitBytes: -1 })
  })

  it('is for those whom the settings allow', async () => {
    const { make, store } = await start()
    const statuses = async (round: string) => {
      const all = ['admin', 'alice', 'maker', 'lister', 'other'].map(
        async (who) => (await make({ project_name: `${round}-${who}` }, who)).status,
      )
      return await Promise.all(all)
    }
    expect(await statuses('one')).toEqual([201, 201, 201, 403, 403])
    await changeSettings(store, { projectCreation: 'adminonly' })
    expect(await statuses('two')).toEqual([201, 403, 201, 403, 403])
  })

  it('is refused to nobody, and for what is no project', async () => {
    const { make, ask, send } = await start()
    await make({ project_name: 'taken' })
    const init = { method: 'POST', body: '{}' }
    expect(await ask('/projects', undefined, init)).toBe('401 UNAUTHORIZED')
    expect(await refusal(await make({ project_name: 'taken' }, 'bob'))).toBe(
      '409 the project taken exists already',
    )
    expect(await refusal(await make({ project_name: 'A b' }))).toMatch(/^400 a project name is/)
    expect(await refusal(await make({ project_name: 'p', registry_id: 3 }))).toMatch(/^400 no pro/)
    const status = async (body: unknown, as = 'alice') => (await make(body, as)).status
    expect(await status({})).toBe(422)
    expect(await status({ project_name: '' })).toBe(400)
    expect(await status({ project_name: 'x'.repeat(300) })).toBe(400)
    expect(await status({ project_name: 'p', metadata: { public: 'maybe' } })).toBe(400)
    expect(await status({ project_name: 'p', metadata: { public: true } })).toBe(422)
    expect(await status({ project_name: 'p', storage_limit: -7 }, 'admin')).toBe(400)
    expect(await status({ project_name: 'p', cve_allowlist: { items: [{ cve_id: '' }] } })).toBe(
      400,
    )
    expect((await send('POST', '/projects', 'alice')).status).toBe(422)
    const text = { method: 'POST', body: '{}', headers: { 'Content-Type': 'text/plain' } }
    expect(await ask('/projects', 'alice', text)).toBe('415 UNSUPPORTED_MEDIA_TYPE')
  })

  it('has one winner among those who ask at once', async () => {
    const { make } = await start()
    const all = Array.from({ length: 5 }, async () => (await make({ project_name: 'p' })).status)
    expect((await Promise.all(all)).sort()).toEqual([201, 409, 409, 409, 409])
  })
})

describe('GET /projects', () => {
  const several = async () => {
    const api = await start()
    const { create, alice, bob, store } = api
    const apps = await create('apps')
    await create('open', alice, true)
    await create('other', bob)
    await create('zoo', bob, true)
    const facts = { pid: apps.pid, isPublic: false, role: 'projectAdmin' } as const
    const guest = { user: bob.number, userName: bob.name, role: 'guest' } as const
    await addMember(store, { principal: alice, facts }, guest)
    return api
  }

  it('shows to each what they may see', async () => {
    const { names } = await several()
    const all = ['apps', 'open', 'other', 'zoo']
    expect(await names('', 'admin')).toEqual({ names: all, total: '4', link: null })
    expect(await names('', 'lister')).toMatchObject({ names: all })
    expect(await names('', 'alice')).toMatchObject({ names: ['apps', 'open', 'zoo'], total: '3' })
    expect(await names('', 'bob')).toMatchObject({ names: all, total: '4' })
    expect(await names('')).toMatchObject({ names: ['open', 'zoo'], total: '2' })
    expect(await names('', 'wrong')).toMatch(/^401/)
  })

  it.each([
    ['?public=true', ['open', 'zoo']],
    ['?public=false', ['apps', 'other']],
    ['?q=public%3Dfalse', ['apps', 'other']],
    ['?name=o', ['open', 'other', 'zoo']],
    ['?name=o&public=true', ['open', 'zoo']],
    ['?name=PEN', ['open']],
    ['?owner=bob', ['other', 'zoo']],
    ['?q=name%3D~o%2Cowner_name%3Dalice', ['open']],
    ['?q=name%253Dzoo', ['zoo']],
    ['?q=project_id%3D%5B3~4%5D', ['open', 'other']],
    ['?sort=-name', ['zoo', 'other', 'open', 'apps']],
    ['?sort=-creation_time,name', undefined],
    ['?sort=owner_name,-name', ['open', 'apps', 'zoo', 'other']],
    ['?name=nothing', []],
  ])('filters and sorts by %s', async (query, expected) => {
    const { names } = await several()
    const found = await names(query, 'admin')
    expect(found).toMatchObject({ total: String(expected?.length ?? 4) })
    if (expected !== undefined) expect(found).toMatchObject({ names: expected })
  })

  it('goes on on the next page, and ends', async () => {
    const { names } = await several()
    const path = '/api/v2.0/projects?'
    expect(await names('?page_size=3', 'admin')).toEqual({
      names: ['apps', 'open', 'other'],
      total: '4',
      link: `<${path}page_size=3&page=2>; rel="next"`,
    })
    expect(await names('?page_size=3&page=2', 'admin')).toMatchObject({ names: ['zoo'] })
    expect(await names('?page_size=3&page=3', 'admin')).toMatchObject({ names: [], total: '4' })
    expect(await names('?page_size=2&page=2&sort=-name', 'admin')).toMatchObject({
      names: ['open', 'apps'],
    })
    expect(await names('?page_size=1&page=2&name=o', 'admin')).toMatchObject({
      names: ['other'],
      total: '3',
    })
  })

  it('knows the role of the caller, and what is asked for in detail', async () => {
    const { get, push } = await several()
    await push('apps/one')
    const list = async (query: string, as?: string) => {
      const body: unknown = await (await get(`/projects${query}`, as)).json()
      return z.array(z.record(z.string(), z.unknown())).parse(body)
    }
    const [apps, open] = await list('', 'bob')
    expect(apps).toMatchObject({ repo_count: 1, current_user_role_id: 3, togglable: false })
    expect(apps).toHaveProperty('cve_allowlist.items', [])
    expect(open).toMatchObject({ current_user_role_ids: [], repo_count: 0 })
    expect(open).not.toHaveProperty('current_user_role_id')
    const [brief] = await list('?with_detail=false', 'admin')
    expect(brief).not.toHaveProperty('cve_allowlist')
  })

  it.each(['?public=maybe', '?q=name', '?page_size=1000', '?page=x'])(
    'refuses %s',
    async (query) => {
      const { get } = await start()
      expect([400, 422]).toContain((await get(`/projects${query}`, 'admin')).status)
    },
  )
})

describe('HEAD /projects', () => {
  it('says whether a name is taken, to those who have one themselves', async () => {
    const { create, get } = await start()
    await create('team')
    const head = async (query: string, as?: string) =>
      (await get(`/projects${query}`, as, { method: 'HEAD' })).status
    expect(await head('?project_name=team', 'bob')).toBe(200)
    expect(await head('?project_name=other', 'bob')).toBe(404)
    expect(await head('?project_name=No%20Name', 'bob')).toBe(404)
    expect(await head('?project_name=team')).toBe(401)
    expect(await head('', 'bob')).toBe(422)
  })
})
