import { describe, expect, it } from 'vitest'
import { createRobot } from '../../../shared/robots/create.ts'
import { principalOf } from '../../../shared/users/items.ts'
import { messageOf, openPeople, PASSWORD } from './people.ts'

const CAROL = { username: 'carol', password: 'Carol1234', email: 'c@example.org', realname: 'C' }
const settings = (hasSelfRegistration: boolean) => () =>
  Promise.resolve({
    ...({ projectCreation: 'everyone', hasSelfRegistration } as const),
    ...{ isReadOnly: false, hasNotifications: false },
  })

const namesIn = async (response: Response): Promise<readonly string[]> => {
  const users: unknown = await response.json()
  return (users as readonly { readonly username: string }[]).map(({ username }) => username)
}

describe('the list of users', () => {
  it('is for administrators, in pages by name', async () => {
    const { send } = await openPeople()
    const first = await send('GET', '/users?page_size=2', 'admin')
    expect(first.headers.get('X-Total-Count')).toBe('3')
    expect(first.headers.get('Link')).toBe('</api/v2.0/users?page_size=2&page=2>; rel="next"')
    expect(await namesIn(first)).toEqual(['admin', 'alice'])
    expect(await namesIn(await send('GET', '/users?page_size=2&page=2', 'admin'))).toEqual(['bob'])
    expect(await namesIn(await send('GET', '/users?page_size=2&page=3', 'admin'))).toEqual([])
    expect((await send('GET', '/users', 'alice')).status).toBe(403)
    expect((await send('GET', '/users')).status).toBe(401)
  })

  it.each([
    ['q=username=~B', ['bob']],
    ['q=username=alice', ['alice']],
    ['q=username=~a,sysadmin_flag=true', ['admin']],
    ['q=email=~example', ['admin', 'alice', 'bob']],
    ['q=nothing=1', ['admin', 'alice', 'bob']],
    ['sort=-username', ['bob', 'alice', 'admin']],
    ['sort=-username&q=username=~a', ['alice', 'admin']],
    ['sort=-user_id', ['bob', 'alice', 'admin']],
  ])('asked with %s', async (query, expected) => {
    const { send } = await openPeople()
    const response = await send('GET', `/users?${query}`, 'admin')
    expect(response.headers.get('X-Total-Count')).toBe(String(expected.length))
    expect(await namesIn(response)).toEqual(expected)
  })

  it('shows a user as Harbor does, and no hash', async () => {
    const { send } = await openPeople()
    const [shown] = (await (await send('GET', '/users', 'admin')).json()) as readonly [object]
    expect(shown).toEqual({
      user_id: 1,
      username: 'admin',
      email: 'admin@example.org',
      realname: '',
      comment: '',
      sysadmin_flag: true,
      admin_role_in_auth: false,
      creation_time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      update_time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    })
  })

  it('is searched by everybody who has an account, for names only', async () => {
    const { send } = await openPeople()
    const response = await send('GET', '/users/search?username=LI', 'bob')
    expect(response.headers.get('X-Total-Count')).toBe('1')
    expect(await response.json()).toEqual([{ user_id: 2, username: 'alice' }])
    expect((await send('GET', '/users/search', 'bob')).status).toBe(422)
    expect((await send('GET', '/users/search?username=a')).status).toBe(401)
  })
})

describe('a new user', () => {
  it('is made by an administrator, and may log in', async () => {
    const { send } = await openPeople()
    const made = await send('POST', '/users', 'admin', CAROL)
    expect([made.status, made.headers.get('Location')]).toEqual([201, '/api/v2.0/users/4'])
    const current = await send('GET', '/users/current', ['carol', CAROL.password])
    expect(await current.json()).toMatchObject({ user_id: 4, realname: 'C', sysadmin_flag: false })
  })

  it.each([
    ['with a taken name', { ...CAROL, username: 'ALICE' }, 409],
    ['with a taken mail address', { ...CAROL, email: 'alice@example.org' }, 409],
    ['with a weak password', { ...CAROL, password: 'carol' }, 400],
    ['with a robot’s name', { ...CAROL, username: 'robot$x' }, 400],
    ['without a name', { password: CAROL.password }, 422],
    ['whose name is a number', { ...CAROL, username: 4 }, 422],
  ])('%s is refused', async (_what, body, status) => {
    const { send, failures } = await openPeople()
    expect((await send('POST', '/users', 'admin', body)).status).toBe(status)
    expect(failures).toEqual([])
  })

  it('makes itself only where that is allowed', async () => {
    const closed = await openPeople({ settings: settings(false) })
    expect((await closed.send('POST', '/users', undefined, CAROL)).status).toBe(401)
    expect((await closed.send('POST', '/users', 'alice', CAROL)).status).toBe(403)
    const open = await openPeople({ settings: settings(true) })
    const response = await open.send('POST', '/users', undefined, { ...CAROL, sysadmin_flag: true })
    expect(response.status).toBe(201)
    const user = await open.send('GET', '/users/4', 'admin')
    expect(await user.json()).toMatchObject({ username: 'carol', sysadmin_flag: false })
  })
})

describe('a user', () => {
  it('sees and changes themselves and nobody else', async () => {
    const { send } = await openPeople()
    expect((await send('PUT', '/users/2', 'alice', { comment: 'hello' })).status).toBe(200)
    expect(await (await send('GET', '/users/2', 'alice')).json()).toMatchObject({
      ...{ comment: 'hello', email: 'alice@example.org' },
    })
    expect((await send('GET', '/users/3', 'alice')).status).toBe(403)
    expect((await send('PUT', '/users/3', 'alice', {})).status).toBe(403)
    expect((await send('PUT', '/users/2', 'alice', { email: 'no mail' })).status).toBe(400)
    expect((await send('PUT', '/users/2', 'alice', { email: 'BOB@example.org' })).status).toBe(409)
  })

  it.each(['GET', 'DELETE'])('who does not exist is 404 to %s', async (method) => {
    const { send } = await openPeople()
    expect((await send(method, '/users/99', 'admin')).status).toBe(404)
    expect((await send(method, '/users/0', 'admin')).status).toBe(404)
    expect((await send(method, '/users/x', 'admin')).status).toBe(422)
  })

  it('is deleted by others only, and the first administrator by nobody', async () => {
    const { send } = await openPeople()
    expect((await send('DELETE', '/users/2', 'alice')).status).toBe(403)
    expect((await send('PUT', '/users/2/sysadmin', 'admin', { sysadmin_flag: true })).status).toBe(
      200,
    )
    expect((await send('DELETE', '/users/2', 'alice')).status).toBe(403)
    expect((await send('DELETE', '/users/1', 'alice')).status).toBe(403)
    expect((await send('DELETE', '/users/2', 'admin')).status).toBe(200)
    expect((await send('GET', '/users/current', 'alice')).status).toBe(401)
  })

  it('is made an administrator by administrators', async () => {
    const { send } = await openPeople()
    const flag = (value: boolean) => ({ sysadmin_flag: value })
    expect((await send('PUT', '/users/2/sysadmin', 'alice', flag(true))).status).toBe(403)
    expect((await send('PUT', '/users/1/sysadmin', 'admin', flag(false))).status).toBe(403)
    expect((await send('PUT', '/users/99/sysadmin', 'admin', flag(true))).status).toBe(404)
    expect((await send('PUT', '/users/2/sysadmin', 'admin', {})).status).toBe(422)
  })
})

describe('a password', () => {
  const change = (old_password: string, new_password: string) => ({ old_password, new_password })

  it('is changed by its user, who knows the old one', async () => {
    const { send } = await openPeople()
    const put = async (body: object, as: string = 'alice') =>
      (await send('PUT', '/users/2/password', as, body)).status
    expect(await put(change('Wrong1234', 'Other1234'))).toBe(403)
    expect(await put({ new_password: 'Other1234' })).toBe(403)
    expect(await put(change(PASSWORD, 'weak'))).toBe(400)
    expect(await put(change(PASSWORD, PASSWORD))).toBe(400)
    expect(await put(change(PASSWORD, 'Other1234'), 'bob')).toBe(403)
    expect(await put(change(PASSWORD, 'Other1234'))).toBe(200)
    expect((await send('GET', '/users/current', 'alice')).status).toBe(401)
    expect((await send('GET', '/users/current', ['alice', 'Other1234'])).status).toBe(200)
  })

  it('is reset by an administrator, who needs the old one only for their own', async () => {
    const { send } = await openPeople()
    const put = async (id: number, body: object) =>
      (await send('PUT', `/users/${id}/password`, 'admin', body)).status
    expect(await put(2, { new_password: 'Other1234' })).toBe(200)
    expect(await put(99, { new_password: 'Other1234' })).toBe(404)
    expect(await put(1, { new_password: 'Other1234' })).toBe(403)
  })

  it('is all there is: a CLI secret is of other kinds of registries', async () => {
    const { send } = await openPeople()
    const response = await send('PUT', '/users/2/cli_secret', 'alice', { secret: 'x' })
    expect(response.status).toBe(412)
    expect(await messageOf(response)).toContain('/users/current/tokens')
  })
})

describe('a robot that looks after users', () => {
  const openWithRobot = async () => {
    const people = await openPeople()
    const access = ['create', 'read', 'update', 'delete', 'list'].map((action) => ({
      ...{ resource: 'user', action },
    }))
    const { robot, secret } = await createRobot(people.store, principalOf(people.admin), {
      ...{ name: 'people', level: 'system', durationDays: -1 },
      permissions: [{ kind: 'system', namespace: '/', access }],
    })
    return { ...people, robot: [robot.name, secret] as const }
  }

  it('may do so', async () => {
    const { send, robot } = await openWithRobot()
    expect((await send('POST', '/users', robot, CAROL)).status).toBe(201)
    expect((await send('PUT', '/users/2', robot, { comment: 'x' })).status).toBe(200)
    const body = { new_password: 'Other1234' }
    expect((await send('PUT', '/users/2/password', robot, body)).status).toBe(200)
    expect((await send('DELETE', '/users/2', robot)).status).toBe(200)
  })

  it('does not get above itself by them', async () => {
    const { send, robot } = await openWithRobot()
    const body = { new_password: 'Other1234' }
    expect((await send('PUT', '/users/1/password', robot, body)).status).toBe(403)
    expect((await send('PUT', '/users/2/sysadmin', robot, { sysadmin_flag: true })).status).toBe(
      403,
    )
    expect((await send('PUT', '/users/1', robot, { email: 'r@example.org' })).status).toBe(403)
    expect((await send('GET', '/users/current', robot)).status).toBe(412)
  })
})

describe('what the caller may', () => {
  const ask = async (people: Awaited<ReturnType<typeof openPeople>>, as: string, query: string) => {
    const response = await people.send('GET', `/users/current/permissions?${query}`, as)
    return (await response.json()) as readonly { resource: string; action: string }[]
  }

  it('in a project is told with or without the project', async () => {
    const people = await openPeople()
    const { number } = await people.project('p')
    const scope = `scope=/project/${number}`
    const whole = await ask(people, 'alice', scope)
    expect(whole).toContainEqual({ resource: `/project/${number}/repository`, action: 'push' })
    expect(whole).toContainEqual({ resource: `/project/${number}`, action: 'delete' })
    const relative = await ask(people, 'alice', `${scope}&relative=true`)
    expect(relative).toContainEqual({ resource: 'repository', action: 'push' })
    expect(relative).toContainEqual({ resource: '.', action: 'delete' })
    expect(await ask(people, 'bob', scope)).toEqual([])
  })

  it('in the system is for administrators, and elsewhere nothing', async () => {
    const people = await openPeople()
    const all = await ask(people, 'admin', 'scope=/system')
    expect(all).toContainEqual({ resource: '/system/user', action: 'list' })
    expect(await ask(people, 'alice', 'scope=/system')).toEqual([])
    for (const scope of ['', 'scope=/project/99', 'scope=nonsense']) {
      expect(await ask(people, 'admin', scope)).toEqual([])
    }
  })
})

describe('groups of users', () => {
  it('are none', async () => {
    const { send } = await openPeople()
    for (const path of ['/usergroups', '/usergroups/search?groupname=a']) {
      const response = await send('GET', path, 'admin')
      expect(response.headers.get('X-Total-Count')).toBe('0')
      expect(await response.json()).toEqual([])
    }
    expect((await send('GET', '/usergroups', 'alice')).status).toBe(403)
    expect((await send('GET', '/usergroups/search?groupname=a', 'alice')).status).toBe(200)
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await send(method, '/usergroups/1', 'admin')).status).toBe(404)
      expect((await send(method, '/usergroups/1', 'alice')).status).toBe(403)
    }
    const group = { group_name: 'g', group_type: 1 }
    expect((await send('POST', '/usergroups', 'admin', group)).status).toBe(412)
    expect((await send('POST', '/usergroups', 'alice', group)).status).toBe(403)
  })
})
