import { describe, expect, it } from 'vitest'
import { createRobot } from '../../../shared/robots/create.ts'
import { changeSettings } from '../../../shared/settings/change.ts'
import { principalOf } from '../../../shared/users/items.ts'
import { openPeople, PASSWORD } from './people.ts'

const MINUTE = 60_000
const TOKEN = 'X-Harbor-CSRF-Token'

const open = async (options: Parameters<typeof openPeople>[0] = {}) => {
  const people = await openPeople(options)
  const { app } = people
  const submit = async (
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
    origin = '',
  ) =>
    await app.request(`${origin}/c/${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers,
    })
  const logIn = async (
    principal: string,
    password = PASSWORD,
    headers: Readonly<Record<string, string>> = {},
  ) => await submit('login', { principal, password }, headers)
  const browser = async (name: string) => {
    const response = await logIn(name)
    const [cookie = ''] = (response.headers.get('Set-Cookie') ?? '').split(';')
    const token = response.headers.get(TOKEN) ?? ''
    const ask = async (
      method: string,
      path: string,
      body?: unknown,
      headers: Readonly<Record<string, string>> = { [TOKEN]: token },
    ) =>
      await app.request(`/api/v2.0${path}`, {
        method,
        headers: { Cookie: `a=b; ${cookie}`, 'Content-Type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    return { cookie, token, ask, status: async () => (await ask('GET', '/users/current')).status }
  }
  return { ...people, submit, logIn, browser }
}

describe('a session', () => {
  it('is opened by name and password, in a cookie that no script reads', async () => {
    const { logIn, browser } = await open()
    const response = await logIn('alice')
    expect(response.status).toBe(200)
    expect(response.headers.get('Set-Cookie')).toMatch(
      /^sid=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    const { ask } = await browser('alice')
    expect(await (await ask('GET', '/users/current')).json()).toMatchObject({ user_id: 2 })
  })

  it('has a secure cookie where the browser came by https', async () => {
    const { submit, logIn } = await open()
    const fields = { principal: 'alice', password: PASSWORD }
    const direct = await submit('login', fields, {}, 'https://registry.example.org')
    expect(direct.headers.get('Set-Cookie')).toContain('; Secure')
    const proxied = await logIn('alice', PASSWORD, { 'X-Forwarded-Proto': 'https' })
    expect(proxied.headers.get('Set-Cookie')).toContain('; Secure')
  })

  it.each([
    ['a wrong password', 'alice', 'Wrong1234', 401],
    ['an unknown name', 'nobody', PASSWORD, 401],
    ['an empty name', '', PASSWORD, 401],
  ])('is not opened by %s', async (_what, name, password, status) => {
    const { logIn } = await open()
    const response = await logIn(name, password)
    expect([response.status, response.headers.get('Set-Cookie')]).toEqual([status, null])
  })

  it('is not opened by what is no form', async () => {
    const { app, submit } = await open()
    expect((await submit('login', { principal: 'alice' })).status).toBe(422)
    const init = { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } }
    expect((await app.request('/c/login', init)).status).toBe(415)
  })

  it('is not for robots and tokens', async () => {
    const { store, admin, alice, token, logIn } = await open()
    const { robot, secret } = await createRobot(store, principalOf(admin), {
      ...{ name: 'ci', level: 'system', durationDays: -1 },
      permissions: [
        { kind: 'system', namespace: '/', access: [{ resource: 'catalog', action: 'read' }] },
      ],
    })
    const [, text] = await token(alice, 'all')
    for (const response of [await logIn(robot.name, secret), await logIn('alice', text)]) {
      expect([response.status, response.headers.get('Set-Cookie')]).toEqual([403, null])
    }
  })

  it.each([
    [{ 'Sec-Fetch-Site': 'cross-site' }, 403],
    [{ 'Sec-Fetch-Site': 'same-site' }, 403],
    [{ 'Sec-Fetch-Site': 'same-origin' }, 200],
    [{ Origin: 'https://evil.example.org' }, 403],
    [{ Origin: 'null' }, 403],
    [{ Origin: 'https://localhost' }, 200],
  ])('is not opened from a page of another site: %o', async (headers, status) => {
    const { logIn } = await open()
    expect((await logIn('alice', PASSWORD, headers)).status).toBe(status)
  })

  it('ends when its user logs out, and is replaced when they log in again', async () => {
    const { app, browser, logIn } = await open()
    const one = await browser('alice')
    const out = await app.request('/c/log_out', { headers: { Cookie: one.cookie } })
    expect(out.headers.get('Set-Cookie')).toMatch(/^sid=; Max-Age=0; Path=\//)
    expect(await one.status()).toBe(401)
    const two = await browser('alice')
    await logIn('bob', PASSWORD, { Cookie: two.cookie })
    expect(await two.status()).toBe(401)
    expect((await app.request('/c/log_out')).status).toBe(200)
  })

  it('ends half an hour after its last use, and twelve hours after it began', async () => {
    const { store, browser } = await open()
    const idle = await browser('alice')
    const busy = await browser('alice')
    for (let passed = 0; passed < 12 * 60 - 20; passed += 20) {
      store.pass(20 * MINUTE)
      expect(await busy.status()).toBe(200)
    }
    expect(await idle.status()).toBe(401)
    store.pass(20 * MINUTE)
    expect(await busy.status()).toBe(401)
  })

  it('is idle for as long as the settings say', async () => {
    const { store, browser } = await open()
    await changeSettings(store, { sessionMinutes: 120 })
    const { status } = await browser('alice')
    store.pass(100 * MINUTE)
    expect(await status()).toBe(200)
    store.pass(119 * MINUTE)
    expect(await status()).toBe(200)
    store.pass(120 * MINUTE)
    expect(await status()).toBe(401)
  })

  it('is opened in a registry where nothing may be changed', async () => {
    const { store, browser } = await open()
    await changeSettings(store, { isReadOnly: true })
    const { ask, status } = await browser('alice')
    expect(await status()).toBe(200)
    expect((await ask('PUT', '/users/2', { comment: 'x' })).status).toBe(403)
  })

  it('ends with the password, whoever changes it', async () => {
    const { browser, send } = await open()
    const [one, two] = [await browser('alice'), await browser('alice')]
    const body = { old_password: PASSWORD, new_password: 'Other1234' }
    expect((await one.ask('PUT', '/users/2/password', body)).status).toBe(200)
    expect([await one.status(), await two.status()]).toEqual([401, 401])
    const three = await browser('bob')
    await send('PUT', '/users/3/password', 'admin', { new_password: 'Other1234' })
    expect(await three.status()).toBe(401)
  })

  it('is no place to guess the password faster than by logging in', async () => {
    const { store, browser } = await open()
    const { ask } = await browser('alice')
    const change = async (old_password: string) => {
      const body = { old_password, new_password: 'Other1234' }
      return (await ask('PUT', '/users/2/password', body)).status
    }
    for (let tries = 0; tries < 5; tries += 1) expect(await change('Wrong1234')).toBe(403)
    expect(await change(PASSWORD)).toBe(403)
    store.pass(MINUTE)
    expect(await change(PASSWORD)).toBe(200)
  })

  it('ends with its user, and has the rights of the moment', async () => {
    const { browser, send } = await open()
    const { ask, status } = await browser('alice')
    expect((await ask('GET', '/users')).status).toBe(403)
    await send('PUT', '/users/2/sysadmin', 'admin', { sysadmin_flag: true })
    expect((await ask('GET', '/users')).status).toBe(200)
    await send('PUT', '/users/2/sysadmin', 'admin', { sysadmin_flag: false })
    expect((await ask('GET', '/users')).status).toBe(403)
    await send('DELETE', '/users/2', 'admin')
    expect(await status()).toBe(401)
  })

  it('that is over leaves a page what everybody may', async () => {
    const { app } = await open()
    for (const sid of ['A'.repeat(43), 'nonsense', '']) {
      const headers = { Cookie: `sid=${sid}` }
      expect((await app.request('/api/v2.0/systeminfo', { headers })).status).toBe(200)
      expect((await app.request('/api/v2.0/users/current', { headers })).status).toBe(401)
    }
  })

  it('is nowhere in the table', async () => {
    const { store, browser } = await open()
    const { cookie } = await browser('alice')
    const { items } = await store.kv.query({ pk: `SESSION#${cookie.slice(4)}`, read: 'strong' })
    expect(items).toEqual([])
  })
})

describe('a change by a session', () => {
  it('needs the token that answers show', async () => {
    const { browser } = await open()
    const one = await browser('alice')
    const two = await browser('alice')
    const change = async (headers: Readonly<Record<string, string>>) =>
      (await one.ask('PUT', '/users/2', { comment: 'x' }, headers)).status
    expect(await change({})).toBe(403)
    expect(await change({ [TOKEN]: two.token })).toBe(403)
    expect(await change({ [TOKEN]: '' })).toBe(403)
    const shown = (await one.ask('GET', '/users/current', undefined, {})).headers
    expect(shown.get('Cache-Control')).toBe('no-store')
    expect(await change({ [TOKEN]: shown.get(TOKEN) ?? '' })).toBe(200)
  })

  it('needs none with a password in the request, which then counts', async () => {
    const { browser } = await open()
    const { ask } = await browser('alice')
    const basic = { Authorization: `Basic ${Buffer.from(`bob:${PASSWORD}`).toString('base64')}` }
    expect((await ask('PUT', '/users/3', { comment: 'x' }, basic)).status).toBe(200)
    expect((await ask('PUT', '/users/2', { comment: 'x' }, basic)).status).toBe(403)
  })

  it('is shown no token without a session', async () => {
    const { app } = await open()
    expect((await app.request('/api/v2.0/ping')).headers.get(TOKEN)).toBeNull()
  })
})

describe('credentials', () => {
  it.each([
    ['Bearer abc'],
    ['Basic'],
    ['Basic !!!'],
    [`Basic ${Buffer.from('no colon').toString('base64')}`],
    ['Digest username="a"'],
  ])('%s are wrong', async (authorization) => {
    const { app } = await open()
    const init = { headers: { Authorization: authorization } }
    expect((await app.request('/api/v2.0/systeminfo', init)).status).toBe(401)
  })
})

describe('whether somebody exists', () => {
  it('is told to administrators, and to all who may register', async () => {
    const settings = () =>
      Promise.resolve({
        ...({ projectCreation: 'everyone', hasSelfRegistration: true } as const),
        ...{ isReadOnly: false, hasNotifications: false },
      })
    const { submit } = await open({ settings })
    const ask = async (target: string, value: string) =>
      await (await submit('userExists', { target, value })).json()
    expect(await ask('username', 'ALICE')).toBe(true)
    expect(await ask('username', 'nobody')).toBe(false)
    expect(await ask('email', 'Alice@example.org')).toBe(true)
    expect(await ask('email', 'nobody@example.org')).toBe(false)
    expect((await submit('userExists', { target: 'age', value: '7' })).status).toBe(400)
    const closed = await open()
    const fields = { target: 'username', value: 'alice' }
    expect((await closed.submit('userExists', fields)).status).toBe(412)
  })
})

describe('without a way to log in', () => {
  it('there are no sessions', async () => {
    const { app } = await open({ logIn: undefined })
    expect((await app.request('/c/log_out')).status).toBe(404)
  })
})
