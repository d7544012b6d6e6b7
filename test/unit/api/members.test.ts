import { describe, expect, it } from 'vitest'
import type { Principal, RobotNumber } from '../../../shared/auth/principal.ts'
import { createTestUser } from '../../support/domain.ts'
import { createDomainApi, refusal } from './domain.ts'

const PATH = '/projects/team/members'

const start = async () => {
  const api = await createDomainApi()
  const project = await api.create('team')
  const { send, get } = api
  const add = async (body: unknown, as = 'alice') => await send('POST', PATH, as, body)
  const addNamed = async (username: string, role: number, as = 'alice') =>
    await add({ role_id: role, member_user: { username } }, as)
  const list = async (query = '', as = 'alice') => {
    const response = await get(`${PATH}${query}`, as)
    const body: unknown = await response.json()
    return { body, total: response.headers.get('X-Total-Count') }
  }
  return { ...api, project, add, addNamed, list }
}

const ALICE = {
  id: 1,
  project_id: 2,
  entity_name: 'alice',
  entity_id: 2,
  entity_type: 'u',
  role_name: 'projectAdmin',
  role_id: 1,
}
const BOB = { ...ALICE, id: 2, entity_name: 'bob', entity_id: 3, role_id: 2 }

describe('a member', () => {
  it('is added by name or by id, and has a place of its own', async () => {
    const { add, addNamed, get, list } = await start()
    const response = await addNamed('BOB', 2)
    expect(response.status).toBe(201)
    expect(response.headers.get('Location')).toBe(`/api/v2.0${PATH}/2`)
    expect(await (await get(`${PATH}/2`, 'alice')).json()).toEqual({
      ...BOB,
      role_name: 'developer',
    })
    const body = { role_id: 3, member_user: { user_id: 1, username: '' }, member_group: {} }
    expect((await add(body)).status).toBe(201)
    expect(await list()).toMatchObject({ body: [ALICE, { entity_name: 'bob' }, { id: 3 }] })
  })

  it('is one once', async () => {
    const { addNamed } = await start()
    const all = [2, 3, 4].map(async (role) => (await addNamed('bob', role)).status)
    expect((await Promise.all(all)).sort()).toEqual([201, 409, 409])
  })

  it.each([
    [{ role_id: 9, member_user: { username: 'bob' } }, 400],
    [{ role_id: 2 }, 400],
    [{ role_id: 2, member_user: {} }, 400],
    [{ role_id: 2, member_user: { user_id: -1 } }, 400],
    [{ role_id: 2, member_user: { username: 'nobody' } }, 404],
    [{ role_id: 2, member_user: { user_id: 99 } }, 404],
    [{ role_id: 2, member_group: { group_name: 'team' } }, 400],
    [{ role_id: 2, member_group: { id: 1 }, member_user: { username: 'bob' } }, 400],
    [{ role_id: '2', member_user: { username: 'bob' } }, 422],
    [{ member_user: { username: 'bob' } }, 422],
  ])('is not made of %j', async (body, status) => {
    const { add } = await start()
    expect((await add(body)).status).toBe(status)
  })

  it('cannot be a group, which is said', async () => {
    const { add } = await start()
    const response = await add({ role_id: 2, member_group: { ldap_group_dn: 'cn=a' } })
    expect(await refusal(response)).toBe('400 there are no groups here: name a member_user')
  })

  it('gets another role, and goes', async () => {
    const { addNamed, send, get, ask } = await start()
    await addNamed('bob', 2)
    expect((await send('PUT', `${PATH}/2`, 'alice', { role_id: 4 })).status).toBe(200)
    expect(await (await get(`${PATH}/2`, 'alice')).json()).toMatchObject({
      role_id: 4,
      role_name: 'maintainer',
    })
    expect((await send('PUT', `${PATH}/2`, 'alice', { role_id: 7 })).status).toBe(400)
    expect((await send('DELETE', `${PATH}/2`, 'alice')).status).toBe(200)
    expect((await send('DELETE', `${PATH}/2`, 'alice')).status).toBe(404)
    expect((await send('PUT', `${PATH}/2`, 'alice', { role_id: 4 })).status).toBe(404)
    expect(await ask(`${PATH}/2`, 'alice')).toBe('404 NOT_FOUND')
    expect(await ask(`${PATH}/x`, 'alice')).toBe('422 UNPROCESSABLE_ENTITY')
    expect(await ask('/projects/team', 'bob')).toBe('403 FORBIDDEN')
  })

  it('of another project is not here', async () => {
    const { create, ask } = await start()
    await create('other')
    expect(await ask('/projects/other/members/1', 'alice')).toBe('404 NOT_FOUND')
  })
})

describe('who may', () => {
  it('see members is at least a guest, and change them an administrator', async () => {
    const { addNamed, ask, send } = await start()
    expect(await ask(PATH)).toBe('401 UNAUTHORIZED')
    expect(await ask(PATH, 'bob')).toBe('403 FORBIDDEN')
    await addNamed('bob', 5)
    expect(await ask(PATH, 'bob')).toBe('403 FORBIDDEN')
    await send('PUT', `${PATH}/2`, 'alice', { role_id: 4 })
    expect(await ask(PATH, 'bob')).toBe('200')
    expect(await ask(`${PATH}/1`, 'bob')).toBe('200')
    expect((await addNamed('admin', 5, 'bob')).status).toBe(403)
    expect((await send('PUT', `${PATH}/1`, 'bob', { role_id: 5 })).status).toBe(403)
    expect((await send('DELETE', `${PATH}/1`, 'bob')).status).toBe(403)
    expect((await send('DELETE', `${PATH}/1`, 'admin')).status).toBe(200)
  })

  it('give a role must have its rights, as a robot has to', async () => {
    const number = 1 as RobotNumber
    const projects = [
      { pid: undefined, repository: undefined, permissions: ['member:create'] },
    ] as const
    const bot: Principal = { kind: 'robot', number, name: 'robot$m', system: [], projects }
    const { create, send } = await createDomainApi({ others: { bot } })
    await create('team')
    const body = { role_id: 5, member_user: { username: 'bob' } }
    expect((await send('POST', PATH, 'bot', body)).status).toBe(403)
  })
})

describe('the list of members', () => {
  const several = async () => {
    const api = await start()
    const names = ['carol', 'dave', 'erin', 'frank']
    for (const [index, name] of names.entries()) {
      await createTestUser(api.store, 10 + index, { name })
      await api.addNamed(name, 3)
    }
    return api
  }

  it('has pages', async () => {
    const { list, get } = await several()
    expect(await list('?page_size=2&page=2')).toMatchObject({
      body: [{ entity_name: 'dave' }, { entity_name: 'erin' }],
      total: '5',
    })
    expect(await list('?page_size=2&page=4')).toEqual({ body: [], total: '5' })
    const { headers } = await get(`${PATH}?page_size=4`, 'alice')
    expect(headers.get('Link')).toBe(`</api/v2.0${PATH}?page_size=4&page=2>; rel="next"`)
  })

  it.each([
    ['?entityname=A', ['alice', 'carol', 'dave', 'frank']],
    ['?entityname=nobody', []],
    ['?sort=-entity_name&page_size=2', ['frank', 'erin']],
    ['?q=role_id%3D1', ['alice']],
    ['?q=entity_name%3D~a&sort=role_name,-entity_name', ['frank', 'dave', 'carol', 'alice']],
  ])('takes %s', async (query, names) => {
    const { list } = await several()
    const { body } = await list(query)
    expect(body).toMatchObject(names.map((name) => ({ entity_name: name })))
    expect(body).toHaveLength(names.length)
  })
})
