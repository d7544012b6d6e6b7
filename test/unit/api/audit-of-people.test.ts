import { describe, expect, it } from 'vitest'
import { auditLines } from './audit-lines.ts'
import { openPeople, PASSWORD } from './people.ts'

const open = async () => {
  const people = await openPeople()
  const log = async (path = '/auditlog-exts', as = 'admin') =>
    await auditLines(people.send('GET', `${path}?page_size=100`, as))
  return { ...people, log }
}

const ROBOT = {
  ...{ name: 'ci', level: 'project', duration: 7 },
  permissions: [
    {
      ...{ kind: 'project', namespace: 'p' },
      access: [{ resource: 'repository', action: 'pull' }],
    },
  ],
}

describe('the audit log', () => {
  it('tells of every change to users', async () => {
    const { send, log } = await open()
    await send('POST', '/users', 'admin', { username: 'carol', password: PASSWORD })
    await send('PUT', '/users/4', 'carol', { comment: 'x' })
    const body = { old_password: PASSWORD, new_password: 'Other1234' }
    await send('PUT', '/users/4/password', 'carol', body)
    await send('PUT', '/users/4/password', 'admin', { new_password: PASSWORD })
    await send('PUT', '/users/4/sysadmin', 'admin', { sysadmin_flag: true })
    await send('DELETE', '/users/4', 'admin')
    expect(await log()).toEqual([
      'admin create user carol',
      'carol update user carol profile',
      'carol update user carol password',
      'admin update user carol password',
      'admin update user carol administrator',
      'admin delete user carol',
    ])
  })

  it('tells of tokens, and each of those that go together', async () => {
    const { send, log, token, alice } = await open()
    await send('POST', '/users/current/tokens', 'alice', { name: 'ci' })
    await token(alice, 'all')
    await send('DELETE', '/users/2/tokens', 'admin')
    expect((await log()).toSorted()).toEqual([
      'admin delete token alice/ci',
      'admin delete token alice/of a test',
      'alice create token alice/ci',
    ])
  })

  it('tells of robots, to their project, too', async () => {
    const { send, log, project } = await open()
    await project('p')
    await send('POST', '/robots', 'alice', ROBOT)
    await send('PUT', '/robots/1', 'alice', { disable: true })
    await send('PATCH', '/robots/1', 'alice', {})
    await send('DELETE', '/projects/p/robots/1', 'alice')
    const told = [
      'alice create robot robot$p+ci',
      'alice update robot robot$p+ci',
      'alice update robot robot$p+ci secret',
      'alice delete robot robot$p+ci',
    ]
    expect(await log()).toEqual(told)
    expect(await log('/projects/p/auditlog-exts', 'alice')).toEqual(told)
  })

  it('tells of sessions', async () => {
    const { app, log } = await open()
    const body = new URLSearchParams({ principal: 'alice', password: PASSWORD })
    const opened = await app.request('/c/login', { method: 'POST', body })
    const [cookie = ''] = (opened.headers.get('Set-Cookie') ?? '').split(';')
    await app.request('/c/log_out', { headers: { Cookie: cookie } })
    await app.request('/c/log_out', { headers: { Cookie: cookie } })
    expect(await log()).toEqual(['alice login user alice', 'alice logout user alice'])
  })

  it('tells of nothing that was refused', async () => {
    const { send, log, project } = await open()
    await project('p')
    await send('POST', '/users', 'admin', { username: 'alice', password: PASSWORD })
    await send('PUT', '/users/2/password', 'alice', {
      ...{ old_password: 'Wrong1234', new_password: 'Other1234' },
    })
    await send('DELETE', '/users/99', 'admin')
    await send('DELETE', '/users/1', 'admin')
    await send('POST', '/robots', 'bob', ROBOT)
    await send('DELETE', '/users/current/tokens/x', 'alice')
    expect(await log()).toEqual([])
  })
})
