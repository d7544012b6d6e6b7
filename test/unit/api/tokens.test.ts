import { describe, expect, it } from 'vitest'
import { messageOf, openPeople, PASSWORD } from './people.ts'

const OWN = '/users/current/tokens'

type Token = { readonly id: string; readonly name: string; readonly secret: string }
const tokenIn = async (response: Response): Promise<Token> => (await response.json()) as Token

describe('a personal access token', () => {
  it('is made with a secret that is shown once, and logs in', async () => {
    const { send } = await openPeople()
    const body = { name: 'ci', scope: ['project:read'], expires_at: '2100-01-01T00:00:00+02:00' }
    const made = await send('POST', OWN, 'alice', body)
    expect(made.status).toBe(201)
    const { id, secret, ...rest } = await tokenIn(made)
    expect(made.headers.get('Location')).toBe(`/api/v2.0${OWN}/${id}`)
    expect(rest).toMatchObject({
      ...{ name: 'ci', scope: ['project:read'], expires_at: '2099-12-31T22:00:00.000Z' },
    })
    expect((await send('GET', '/users/current', ['alice', secret])).status).toBe(200)
    const listed = await send('GET', OWN, 'alice')
    expect(listed.headers.get('X-Total-Count')).toBe('1')
    const text = await listed.text()
    expect(JSON.parse(text)).toMatchObject([{ id, name: 'ci' }])
    expect(text).not.toContain('secret')
  })

  it.each([
    ['without a name', {}, 422],
    ['with an empty name', { name: ' ' }, 400],
    ['for nothing', { name: 'a', scope: [] }, 400],
    ['for what is no permission', { name: 'a', scope: ['user:list'] }, 400],
    ['that expired', { name: 'a', expires_at: '2000-01-01T00:00:00Z' }, 400],
    ['that expires at no time', { name: 'a', expires_at: 'soon' }, 400],
  ])('%s is refused', async (_what, body, status) => {
    const { send } = await openPeople()
    expect((await send('POST', OWN, 'alice', body)).status).toBe(status)
  })

  it('is listed in pages', async () => {
    const { send, token, alice } = await openPeople()
    for (let made = 0; made < 3; made += 1) await token(alice, 'all')
    const page = await send('GET', `${OWN}?page=2&page_size=2`, 'alice')
    expect(page.headers.get('X-Total-Count')).toBe('3')
    expect(await page.json()).toHaveLength(1)
  })

  it('is revoked by its user and by administrators, and by nobody else', async () => {
    const { send } = await openPeople()
    const make = async () => await tokenIn(await send('POST', OWN, 'alice', { name: 'a' }))
    const one = await make()
    expect((await send('DELETE', `${OWN}/${one.id}`, 'bob')).status).toBe(404)
    expect((await send('DELETE', `/users/2/tokens/${one.id}`, 'bob')).status).toBe(403)
    expect((await send('GET', '/users/2/tokens', 'alice')).status).toBe(403)
    expect((await send('DELETE', `${OWN}/${one.id}`, 'alice')).status).toBe(200)
    expect((await send('DELETE', `${OWN}/${one.id}`, 'alice')).status).toBe(404)
    expect((await send('GET', '/users/current', ['alice', one.secret])).status).toBe(401)
    const two = await make()
    expect((await send('DELETE', `/users/3/tokens/${two.id}`, 'admin')).status).toBe(404)
    expect((await send('DELETE', `/users/2/tokens/${two.id}`, 'admin')).status).toBe(200)
    const three = await make()
    expect(await (await send('GET', '/users/2/tokens', 'admin')).json()).toMatchObject([
      { id: three.id },
    ])
    expect((await send('DELETE', '/users/2/tokens', 'admin')).status).toBe(200)
    expect(await (await send('GET', '/users/2/tokens', 'admin')).json()).toEqual([])
    expect((await send('GET', '/users/99/tokens', 'admin')).status).toBe(404)
    expect((await send('DELETE', '/users/99/tokens', 'admin')).status).toBe(404)
  })

  it('of any scope makes no tokens and changes no passwords', async () => {
    const { send, token, admin } = await openPeople()
    for (const scope of ['all', ['project:read']] as const) {
      const login = await token(admin, scope)
      expect((await send('POST', OWN, login, { name: 'a' })).status).toBe(403)
      const own = { old_password: PASSWORD, new_password: 'Other1234' }
      const refused = await send('PUT', '/users/1/password', login, own)
      expect(refused.status).toBe(403)
      expect(await messageOf(refused)).toContain('token')
      expect((await send('PUT', '/users/2/password', login, own)).status).toBe(403)
    }
  })

  it('of some permissions is no administrator, and leaves its user as it is', async () => {
    const { send, token, admin } = await openPeople()
    const login = await token(admin, ['project:read'])
    for (const [method, path, body] of [
      ['GET', '/users', undefined],
      ['GET', OWN, undefined],
      ['DELETE', '/users/2', undefined],
      ['POST', '/projects', { project_name: 'mine' }],
      ['PUT', '/users/1', { comment: 'x' }],
      ['PUT', '/users/2/sysadmin', { sysadmin_flag: true }],
    ] as const) {
      expect([path, (await send(method, path, login, body)).status]).toEqual([path, 403])
    }
    expect((await send('GET', '/users/current', login)).status).toBe(200)
    const permissions = await send('GET', '/permissions', login)
    expect(await permissions.json()).toMatchObject({ system: [] })
  })
})
