import { describe, expect, it } from 'vitest'
import { addMember } from '../../../shared/projects/add-member.ts'
import type { Role } from '../../../shared/auth/roles.ts'
import { createDomainApi, refusal } from './domain.ts'

const start = async () => {
  const api = await createDomainApi()
  const { alice, bob, store, send, get } = api
  const project = await api.create('team')
  const addBob = async (role: Role) => {
    const facts = { pid: project.pid, isPublic: false, role: 'projectAdmin' } as const
    const given = { user: bob.number, userName: bob.name, role }
    return await addMember(store, { principal: alice, facts }, given)
  }
  const make = async (body: unknown, as = 'alice') => await send('POST', '/labels', as, body)
  const makeOwn = async (name: string) => await make({ name, scope: 'p', project_id: 2 })
  const names = async (query: string, as = 'alice') => {
    const response = await get(`/labels${query}`, as)
    if (response.status !== 200) return String(response.status)
    const page = (await response.json()) as { readonly name: string }[]
    return `${page.map(({ name }) => name).join(' ')} of ${String(response.headers.get('X-Total-Count'))}`
  }
  return { ...api, addBob, make, makeOwn, names }
}

describe('POST /labels', () => {
  it('makes one of the registry, and one of a project, with a number', async () => {
    const { make, get } = await start()
    const first = await make({ name: 'a', color: '#FF0000', description: 'd', scope: 'g' }, 'admin')
    expect(first.status).toBe(201)
    expect(first.headers.get('Location')).toBe('/api/v2.0/labels/1')
    const second = await make({ name: 'a', scope: 'p', project_id: 2, id: 0 })
    expect(second.headers.get('Location')).toBe('/api/v2.0/labels/2')
    expect(await (await get('/labels/1', 'alice')).json()).toMatchObject({
      ...{ id: 1, name: 'a', color: '#FF0000', description: 'd', scope: 'g', project_id: 0 },
    })
    expect(await (await get('/labels/2', 'alice')).json()).toMatchObject({
      ...{ id: 2, name: 'a', color: '', scope: 'p', project_id: 2 },
    })
  })

  it('refuses a name that is taken, also when two come at once', async () => {
    const { makeOwn } = await start()
    const both = await Promise.all([makeOwn('a'), makeOwn('a')])
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
    expect(await refusal(await makeOwn('a'))).toBe('409 a label a exists already')
  })

  it('refuses bad input', async () => {
    const { make } = await start()
    const bad = async (body: object) =>
      (await make({ name: 'a', scope: 'p', project_id: 2, ...body })).status
    expect(await bad({ name: '' })).toBe(400)
    expect(await bad({ name: 'x'.repeat(129) })).toBe(400)
    expect(await bad({ color: 'red' })).toBe(400)
    expect(await bad({ scope: 'x' })).toBe(400)
    expect(await bad({ project_id: 0 })).toBe(400)
    expect(await bad({ name: 1 })).toBe(422)
  })

  it('is for administrators of the registry and maintainers of the project', async () => {
    const { make, addBob } = await start()
    const own = { name: 'a', scope: 'p', project_id: 2 }
    expect((await make({ name: 'a', scope: 'g' })).status).toBe(403)
    expect((await make(own, 'bob')).status).toBe(403)
    expect((await make({ ...own, project_id: 99 }, 'bob')).status).toBe(403)
    await addBob('maintainer')
    expect((await make(own, 'bob')).status).toBe(201)
  })
})

describe('GET /labels', () => {
  it('pages by name, and filters', async () => {
    const { makeOwn, names, make } = await start()
    for (const name of ['c', 'a', 'b']) await makeOwn(name)
    await make({ name: 'global', scope: 'g' }, 'admin')
    const own = '?scope=p&project_id=2'
    expect(await names(own)).toBe('a b c of 3')
    expect(await names(`${own}&page_size=2&page=2`)).toBe('c of 3')
    expect(await names(`${own}&name=b`)).toBe('b of 1')
    expect(await names(`${own}&sort=-id`)).toBe('b a c of 3')
    expect(await names('?scope=g')).toBe('global of 1')
    expect(await names('?scope=g', 'bob')).toBe('global of 1')
    expect(await names(own, 'bob')).toBe('403')
    expect(await names('?scope=p')).toBe('400')
    expect(await names('?scope=x')).toBe('400')
  })

  it('asks for an account', async () => {
    const { ask } = await start()
    expect(await ask('/labels?scope=g')).toBe('401 UNAUTHORIZED')
    expect(await ask('/labels/1')).toBe('401 UNAUTHORIZED')
  })
})

describe('a label', () => {
  it('is renamed, unless the name is taken', async () => {
    const { makeOwn, send, names } = await start()
    for (const name of ['a', 'b']) await makeOwn(name)
    const put = async (body: unknown) => (await send('PUT', '/labels/1', 'alice', body)).status
    expect(await put({ name: 'b' })).toBe(409)
    expect(await put({ name: 'z', color: '#00ff00' })).toBe(200)
    expect(await put({ description: 'same name' })).toBe(200)
    expect(await names('?scope=p&project_id=2')).toBe('b z of 2')
    expect((await makeOwn('a')).status).toBe(201)
    expect((await send('PUT', '/labels/1', 'bob', { name: 'x' })).status).toBe(403)
    expect((await send('PUT', '/labels/99', 'alice', { name: 'x' })).status).toBe(404)
  })

  it('is deleted, and frees its name but not its number', async () => {
    const { makeOwn, send, names, ask } = await start()
    await makeOwn('a')
    expect((await send('DELETE', '/labels/1', 'bob')).status).toBe(403)
    expect((await send('DELETE', '/labels/1', 'alice')).status).toBe(200)
    expect((await send('DELETE', '/labels/1', 'alice')).status).toBe(404)
    expect(await ask('/labels/1', 'alice')).toBe('404 NOT_FOUND')
    expect((await makeOwn('a')).headers.get('Location')).toBe('/api/v2.0/labels/2')
    expect(await names('?scope=p&project_id=2')).toBe('a of 1')
  })

  it('goes with its project', async () => {
    const { makeOwn, send, ask } = await start()
    await makeOwn('a')
    expect((await send('DELETE', '/projects/team', 'alice')).status).toBe(200)
    expect(await ask('/labels/1', 'admin')).toBe('404 NOT_FOUND')
  })
})
