import { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import { ruleOf } from '../../../functions/api/access.ts'
import { listAudit } from '../../../shared/audit/list.ts'
import { key } from '../../../shared/table.ts'
import { openPeople, PASSWORD } from './people.ts'

const OTHER = 'Other1234'

const start = async () => {
  const people = await openPeople()
  const { app, store, send } = people
  const entries = async () =>
    (await listAudit(store, ['system'], { limit: 1_000 })).entries.toReversed()
  const log = async (): Promise<readonly string[]> =>
    (await entries()).map(({ operator, operation, resourceType, resource, description }) =>
      [operator, operation, resourceType, resource, description].join(' ').trim(),
    )
  const form = async (path: string, fields: Readonly<Record<string, string>>, cookie = '') =>
    await app.request(`/c/${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { Cookie: cookie },
    })
  const logIn = async (principal: string, password = PASSWORD, cookie?: string) => {
    const response = await form('login', { principal, password }, cookie)
    const [session = ''] = (response.headers.get('Set-Cookie') ?? '').split(';')
    return { status: response.status, cookie: session }
  }
  const logOut = async (cookie: string) => {
    // Entries of the same millisecond have no order.
    store.pass(1)
    return (await app.request('/c/log_out', { headers: { Cookie: cookie } })).status
  }
  const idOf = async (response: Response): Promise<string> =>
    String(z.object({ id: z.union([z.string(), z.number()]) }).parse(await response.json()).id)
  const token = async (name: string) =>
    await idOf(await send('POST', '/users/current/tokens', 'alice', { name }))
  return { ...people, tokenOf: people.token, entries, log, form, logIn, logOut, idOf, token }
}

type World = Awaited<ReturnType<typeof start>>
type Send = { readonly as?: string; readonly body?: unknown; readonly path?: string }

/** One request of a route: how it is refused, how it succeeds, and what is in the log of the latter. */
type Case = {
  /** As the router has it, behind the base path. */
  readonly route: string
  readonly refused: Send
  readonly done: Send
  readonly entry: string
}

const robotIn = (namespace: string, level: 'project' | 'system', name: string) => ({
  ...{ name, level, duration: -1 },
  permissions: [
    { kind: 'project', namespace, access: [{ resource: 'repository', action: 'pull' }] },
  ],
})
const purge = (type: string, cron?: string) => ({
  schedule: { type, cron },
  parameters: { audit_retention_hour: 24, include_event_types: 'create_project' },
})
const comparison = (type: string, cron?: string) => ({
  schedule: { type, cron },
  parameters: { margin_hours: 24 },
})
const collection = (type: string, cron?: string) => ({
  schedule: { type, cron },
  parameters: { delete_untagged: true, workers: 2 },
})
const RIGHTS = [{ resource: 'repository', action: 'pull' }]

const CASES: readonly Case[] = [
  {
    route: 'POST /users',
    refused: { as: 'admin', body: { username: 'alice', password: PASSWORD } },
    done: { as: 'admin', body: { username: 'carol', password: PASSWORD } },
    entry: 'admin create user carol',
  },
  {
    route: 'PUT /users/:user_id',
    refused: { path: '/users/2', as: 'alice', body: { email: 'bob@example.org' } },
    done: { path: '/users/2', as: 'alice', body: { email: 'a@example.org', realname: 'Alice' } },
    entry: 'alice update user alice profile',
  },
  {
    route: 'PUT /users/:user_id/sysadmin',
    refused: { path: '/users/1/sysadmin', as: 'admin', body: { sysadmin_flag: false } },
    done: { path: '/users/4/sysadmin', as: 'admin', body: { sysadmin_flag: true } },
    entry: 'admin update user carol administrator',
  },
  {
    route: 'PUT /users/:user_id/password',
    refused: { path: '/users/2/password', as: 'bob', body: { new_password: OTHER } },
    done: { path: '/users/4/password', as: 'admin', body: { new_password: OTHER } },
    entry: 'admin update user carol password',
  },
  {
    route: 'DELETE /users/:user_id',
    refused: { path: '/users/99', as: 'admin' },
    done: { path: '/users/4', as: 'admin' },
    entry: 'admin delete user carol',
  },
  {
    route: 'DELETE /users/current/tokens/:token_id',
    refused: { path: `/users/current/tokens/${'a'.repeat(20)}`, as: 'alice' },
    done: { path: '/users/current/tokens/{token}', as: 'alice' },
    entry: 'alice delete token alice/of a test',
  },
  {
    route: 'DELETE /users/:user_id/tokens/:token_id',
    refused: { path: `/users/2/tokens/${'a'.repeat(20)}`, as: 'admin' },
    done: { path: '/users/2/tokens/{token}', as: 'admin' },
    entry: 'admin delete token alice/of a test',
  },
  {
    route: 'POST /users/current/tokens',
    refused: { as: 'alice', body: { name: ' ' } },
    done: { as: 'alice', body: { name: 'laptop' } },
    entry: 'alice create token alice/laptop',
  },
  {
    route: 'DELETE /users/:user_id/tokens',
    refused: { path: '/users/99/tokens', as: 'admin' },
    done: { path: '/users/2/tokens', as: 'admin' },
    entry: 'admin delete token alice/laptop',
  },
  {
    route: 'POST /projects',
    refused: { as: 'alice', body: { project_name: '-' } },
    done: { as: 'alice', body: { project_name: 'team' } },
    entry: 'alice create project team',
  },
  {
    route: 'PUT /projects/:project_name_or_id',
    refused: { path: '/projects/team', as: 'alice', body: { project_name: 'other' } },
    done: { path: '/projects/team', as: 'alice', body: { metadata: { public: 'true' } } },
    entry: 'alice update project team',
  },
  {
    route: 'POST /projects/:project_name_or_id/metadatas/',
    refused: { path: '/projects/team/metadatas/', as: 'alice', body: { public: 'maybe' } },
    done: { path: '/projects/team/metadatas/', as: 'alice', body: { auto_scan: 'true' } },
    entry: 'alice create metadata team/auto_scan',
  },
  {
    route: 'PUT /projects/:project_name_or_id/metadatas/:meta_name',
    refused: { path: '/projects/team/metadatas/no', as: 'alice', body: { no: 'true' } },
    done: { path: '/projects/team/metadatas/auto_scan', as: 'alice', body: { auto_scan: 'false' } },
    entry: 'alice update metadata team/auto_scan',
  },
  {
    route: 'DELETE /projects/:project_name_or_id/metadatas/:meta_name',
    refused: { path: '/projects/team/metadatas/no', as: 'alice' },
    done: { path: '/projects/team/metadatas/auto_scan', as: 'alice' },
    entry: 'alice delete metadata team/auto_scan',
  },
  {
    route: 'POST /projects/:project_name_or_id/members',
    refused: {
      ...{ path: '/projects/team/members', as: 'alice' },
      body: { role_id: 2, member_user: { username: 'alice' } },
    },
    done: {
      ...{ path: '/projects/team/members', as: 'alice' },
      body: { role_id: 2, member_user: { username: 'bob' } },
    },
    entry: 'alice create member team/bob role developer',
  },
  {
    route: 'PUT /projects/:project_name_or_id/members/:mid',
    refused: { path: '/projects/team/members/9', as: 'alice', body: { role_id: 3 } },
    done: { path: '/projects/team/members/2', as: 'alice', body: { role_id: 3 } },
    entry: 'alice update member team/bob role guest',
  },
  {
    route: 'DELETE /projects/:project_name_or_id/members/:mid',
    refused: { path: '/projects/team/members/9', as: 'alice' },
    done: { path: '/projects/team/members/2', as: 'alice' },
    entry: 'alice delete member team/bob',
  },
  {
    route: 'PUT /quotas/:id',
    refused: { path: '/quotas/2', as: 'admin', body: { hard: { storage: 0 } } },
    done: { path: '/quotas/2', as: 'admin', body: { hard: { storage: 500 } } },
    entry: 'admin update quota team 500 bytes',
  },
  {
    route: 'POST /robots',
    refused: { as: 'bob', body: robotIn('team', 'project', 'ci') },
    done: { as: 'alice', body: robotIn('team', 'project', 'ci') },
    entry: 'alice create robot robot$team+ci',
  },
  {
    route: 'PUT /robots/:robot_id',
    refused: { path: '/robots/1', as: 'bob', body: robotIn('team', 'project', 'ci') },
    done: { path: '/robots/1', as: 'alice', body: robotIn('team', 'project', 'ci') },
    entry: 'alice update robot robot$team+ci',
  },
  {
    route: 'PATCH /robots/:robot_id',
    refused: { path: '/robots/1', as: 'alice', body: { secret: 'weak' } },
    done: { path: '/robots/1', as: 'alice', body: {} },
    entry: 'alice update robot robot$team+ci secret',
  },
  {
    route: 'DELETE /robots/:robot_id',
    refused: { path: '/robots/9', as: 'alice' },
    done: { path: '/robots/1', as: 'alice' },
    entry: 'alice delete robot robot$team+ci',
  },
  {
    route: 'POST /projects/:project_name_or_id/robots',
    refused: { path: '/projects/team/robots', as: 'alice', body: { name: '-', access: RIGHTS } },
    done: { path: '/projects/team/robots', as: 'alice', body: { name: 'old', access: RIGHTS } },
    entry: 'alice create robot robot$team+old',
  },
  {
    route: 'PUT /projects/:project_name_or_id/robots/:robot_id',
    refused: {
      ...{ path: '/projects/team/robots/2', as: 'alice' },
      body: robotIn('team', 'project', 'new'),
    },
    done: {
      ...{ path: '/projects/team/robots/2', as: 'alice' },
      body: robotIn('team', 'project', 'old'),
    },
    entry: 'alice update robot robot$team+old',
  },
  {
    route: 'DELETE /projects/:project_name_or_id/robots/:robot_id',
    refused: { path: '/projects/team/robots/1', as: 'alice' },
    done: { path: '/projects/team/robots/2', as: 'alice' },
    entry: 'alice delete robot robot$team+old',
  },
  {
    route: 'DELETE /projects/:project_name_or_id',
    refused: { path: '/projects/team', as: 'bob' },
    done: { path: '/projects/team', as: 'alice' },
    entry: 'alice delete project team',
  },
  {
    route: 'PUT /configurations',
    refused: { as: 'admin', body: { session_timeout: 0 } },
    done: { as: 'admin', body: { session_timeout: 9 } },
    entry: 'admin update configuration configurations session_timeout',
  },
  {
    route: 'POST /system/purgeaudit/schedule',
    refused: { as: 'admin', body: purge('Custom', 'x') },
    done: { as: 'admin', body: purge('Daily') },
    entry: 'admin create audit purge schedule Daily: what is older than 24 hours',
  },
  {
    route: 'PUT /system/purgeaudit/schedule',
    refused: { as: 'alice', body: purge('Manual') },
    done: { as: 'admin', body: purge('Manual') },
    entry: 'admin delete audit old entries Manual: what is older than 24 hours',
  },
  {
    route: 'PUT /system/purgeaudit/:purge_id',
    refused: { path: '/system/purgeaudit/9', as: 'admin' },
    done: { path: '/system/purgeaudit/1', as: 'admin' },
    entry: 'admin update audit purge 1 stop',
  },
  {
    route: 'POST /system/gc/schedule',
    refused: { as: 'admin', body: collection('Custom', 'x') },
    done: { as: 'admin', body: collection('Weekly') },
    entry: 'admin create gc garbage collection schedule Weekly: delete_untagged true, workers 2',
  },
  {
    route: 'PUT /system/gc/schedule',
    refused: { as: 'alice', body: collection('Manual') },
    done: { as: 'admin', body: collection('Manual') },
    entry: 'admin create gc garbage collection Manual: delete_untagged true, workers 2',
  },
  {
    route: 'PUT /system/gc/:gc_id',
    refused: { path: '/system/gc/9', as: 'admin' },
    done: { path: '/system/gc/1', as: 'admin' },
    entry: 'admin update gc garbage collection 1 stop',
  },
  {
    route: 'POST /system/storageaudit/schedule',
    refused: { as: 'admin', body: comparison('Custom', 'x') },
    done: { as: 'admin', body: comparison('Weekly') },
    entry: 'admin create gc storage audit schedule Weekly: margin of 24 hours',
  },
  {
    route: 'PUT /system/storageaudit/schedule',
    refused: { as: 'alice', body: comparison('Manual') },
    done: { as: 'admin', body: comparison('Manual') },
    entry: 'admin create gc storage audit Manual: margin of 24 hours',
  },
  {
    route: 'PUT /system/storageaudit/:audit_id',
    refused: { path: '/system/storageaudit/9', as: 'admin' },
    done: { path: '/system/storageaudit/1', as: 'admin' },
    entry: 'admin update gc storage audit 1 stop',
  },
]

/** What leaves no entry, and why. */
const WITHOUT: Readonly<Record<string, string>> = {
  'POST /projects/:project_name_or_id/metadatas': 'the same one as with a slash',
  'PUT /users/:user_id/cli_secret': 'always refused',
  'POST /usergroups': 'always refused',
  'PUT /usergroups/:group_id': 'there are none',
  'DELETE /usergroups/:group_id': 'there are none',
}

const REPOSITORY = '/projects/:project_name_or_id/repositories/:repository_name'
const ARTIFACT = `${REPOSITORY}/artifacts/:reference`
/** Changes to what the registry holds, told of in `audit-of-artifacts.test.ts`. */
const ELSEWHERE: readonly string[] = [
  ...['POST /labels', 'PUT /labels/:label_id', 'DELETE /labels/:label_id'],
  ...[`PUT ${REPOSITORY}`, `DELETE ${REPOSITORY}`, `POST ${REPOSITORY}/artifacts`],
  ...[`DELETE ${ARTIFACT}`, `POST ${ARTIFACT}/tags`, `DELETE ${ARTIFACT}/tags/:tag_name`],
  `POST ${ARTIFACT}/undelete`,
  ...[`POST ${ARTIFACT}/labels`, `DELETE ${ARTIFACT}/labels/:label_id`],
]

const READS = ['GET', 'HEAD', 'OPTIONS', 'ALL']

const perform = async (world: World, route: string, { as, body, path }: Send) => {
  const [method = '', pattern = ''] = route.split(' ')
  const at = path ?? pattern
  const token = at.includes('{token}') ? await world.token('of a test') : ''
  const before = await world.log()
  world.store.pass(1)
  const { status } = await world.send(method, at.replace('{token}', token), as, body)
  return { status, logged: (await world.log()).slice(before.length) }
}

describe('every change over the API', () => {
  it('is one of these', async () => {
    const { app } = await start()
    const changing = app.routes
      .filter(({ handler, method, path }) => {
        const isFrame = ruleOf(handler) === 'frame'
        return !isFrame && !READS.includes(method) && path.startsWith('/api/v2.0/')
      })
      .map(({ method, path }) => `${method} ${path.slice('/api/v2.0'.length)}`)
    const known = [...CASES.map(({ route }) => route), ...Object.keys(WITHOUT), ...ELSEWHERE]
    expect([...new Set(changing)].sort()).toEqual(known.sort())
  })

  it('leaves one entry when it is done, and none when it is refused', async () => {
    const world = await start()
    for (const { route, refused, done, entry } of CASES) {
      const no = await perform(world, route, refused)
      expect([route, no.status >= 400 && no.status < 500, no.logged]).toEqual([route, true, []])
      const yes = await perform(world, route, done)
      expect([route, yes.status < 300, yes.logged]).toEqual([route, true, [entry]])
    }
    expect(world.failures).toEqual([])
  })

  it('keeps secrets out of the log', async () => {
    const { send, entries, project, idOf } = await start()
    await project('team')
    const secret = 'Secret123'
    await send('POST', '/users', 'admin', { username: 'carol', password: secret })
    await send('PUT', '/users/4/password', 'admin', { new_password: `${secret}4` })
    const robot = await send('POST', '/robots', 'admin', {
      ...robotIn('team', 'project', 'ci'),
      secret,
    })
    await send('PATCH', `/robots/${await idOf(robot)}`, 'admin', { secret: `${secret}5` })
    const all = await entries()
    expect(all).toHaveLength(4)
    expect(JSON.stringify(all)).not.toContain(secret)
  })

  it('of a robot is in the log of its project, and of a robot of the system in none', async () => {
    const { send, store, project } = await start()
    const { pid } = await project('team')
    await send('POST', '/robots', 'admin', robotIn('team', 'project', 'ci'))
    await send('PATCH', '/robots/1', 'admin', {})
    await send('POST', '/robots', 'admin', robotIn('team', 'system', 'all'))
    const { entries } = await listAudit(store, [pid], { limit: 9 })
    expect(entries.map(({ operation, resource }) => `${operation} ${resource}`)).toEqual([
      'update robot$team+ci',
      'create robot$team+ci',
    ])
  })
})

describe('a password', () => {
  it('leaves an entry when it is changed, and not when a try is counted', async () => {
    const { send, log, store } = await start()
    const change = async (oldPassword: string) => {
      const body = { old_password: oldPassword, new_password: OTHER }
      return (await send('PUT', '/users/2/password', 'alice', body)).status
    }
    for (let tried = 0; tried < 5; tried += 1) expect(await change('Wrong1234')).toBe(403)
    // Beyond the free tries one is counted before the password is looked at.
    store.pass(60_000)
    expect(await change('Wrong1234')).toBe(403)
    expect(await log()).toEqual([])
    store.pass(60_000)
    expect(await change(PASSWORD)).toBe(200)
    expect(await log()).toEqual(['alice update user alice password'])
  })
})

describe('a user that is deleted a second time', () => {
  it('leaves no second entry, whatever is still to be removed', async () => {
    const { send, store, log, token, alice, project } = await start()
    await project('team')
    await token('laptop')
    const before = (await log()).length
    // As if the first time had been interrupted behind the user itself.
    await store.kv.write({ op: 'delete', key: key.user(alice.number) })
    expect((await send('DELETE', '/users/2', 'admin')).status).toBe(404)
    expect((await log()).length).toBe(before)
  })
})

describe('a session', () => {
  it('leaves an entry when it begins and one when it ends', async () => {
    const { logIn, logOut, log } = await start()
    const { cookie } = await logIn('Alice')
    const second = await logIn('alice', PASSWORD, cookie)
    expect(await logOut(second.cookie)).toBe(200)
    expect(await log()).toEqual([
      'alice login user alice',
      'alice login user alice',
      'alice logout user alice',
    ])
  })

  it('that is over, or never was, does not end again', async () => {
    const { logIn, logOut, log } = await start()
    const { cookie } = await logIn('alice')
    await logOut(cookie)
    expect(await Promise.all([logOut(cookie), logOut(''), logOut('sid=nonsense')])).toEqual([
      200, 200, 200,
    ])
    expect((await log()).filter((one) => one.includes('logout'))).toHaveLength(1)
  })

  it('that is refused is not told of as one that began', async () => {
    const { logIn, log, alice, tokenOf } = await start()
    const [name, secret] = await tokenOf(alice, 'all')
    expect((await logIn('alice', 'Wrong1234')).status).toBe(401)
    expect((await logIn(name, secret)).status).toBe(403)
    expect(await log()).toEqual([])
  })
})
