import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createProject } from '../../shared/projects/create.ts'
import { deleteProject } from '../../shared/projects/delete.ts'
import { readProject } from '../../shared/projects/find.ts'
import { parseProjectName } from '../../shared/projects/name.ts'
import { updateRobot, deleteRobot } from '../../shared/robots/change.ts'
import { createAuthenticate } from '../../functions/api/credentials.ts'
import { createLogIn } from '../../shared/identity/log-in.ts'
import { createRobot, type NewRobot } from '../../shared/robots/create.ts'
import { generateSecret } from '../../shared/robots/secret.ts'
import { createUser } from '../../shared/users/create.ts'
import { readRobot } from '../../shared/robots/list.ts'
import { createToken, listTokens, revokeToken } from '../../shared/users/tokens.ts'
import { changePassword } from '../../shared/users/password.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { createTestApp, imageJson, pushBlob } from '../support/app.ts'
import { createTestApi } from './api/support.ts'
import { openDoor, PASSWORD, ROBOT } from '../support/door.ts'

const basic = (login: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`,
})
const bearer = (token: string | undefined) => ({ Authorization: `Bearer ${token ?? ''}` })

const answer = z.object({
  token: z.string().optional(),
  access_token: z.string(),
  expires_in: z.literal(300),
  issued_at: z.iso.datetime(),
  scope: z.string(),
  refresh_token: z.string().optional(),
})

const open = async () => {
  const opened = await openDoor()
  const { app } = createTestApp({
    wrap: ({ objects }) => ({ kv: opened.store.kv, objects }),
    createProjectsOnPush: false,
    door: () => opened.door,
  })
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const response = await app.request(path, { headers, method })
    return [response.status, response.headers.get('WWW-Authenticate')] as const
  }
  const get = async (query: string, headers: Record<string, string> = {}) => {
    const response = await app.request(`/service/token?service=roadstead&${query}`, { headers })
    return response.status === 200 ? answer.parse(await response.json()) : response.status
  }
  const token = async (scope: string, headers: Record<string, string> = {}) => {
    const got = await get(`scope=${scope}`, headers)
    if (typeof got === 'number') throw new Error(`refused: ${got}`)
    return got
  }
  const post = async (fields: Record<string, string>) => {
    const body = new URLSearchParams(fields).toString()
    const response = await app.request('/service/token', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        'Content-Length': String(body.length),
      },
      body,
    })
    return response.status === 200 ? answer.parse(await response.json()) : response.status
  }
  return { ...opened, app, ask, get, post, token }
}

describe('the distribution API behind a door', () => {
  it('tells a stranger what to ask the token service for', async () => {
    const { ask } = await open()
    expect(await ask('/v2/')).toEqual([
      401,
      'Bearer realm="http://localhost/service/token",service="roadstead"',
    ])
    expect(await ask('/v2/p/one/manifests/v1')).toEqual([
      401,
      'Bearer realm="http://localhost/service/token",service="roadstead",scope="repository:p/one:pull"',
    ])
    expect((await ask('/v2/p/one/blobs/uploads/', {}, 'POST'))[1]).toContain(
      'scope="repository:p/one:pull,push"',
    )
    const mount = '/v2/p/one/blobs/uploads/?mount=sha256:00&from=p/two'
    expect((await ask(mount, {}, 'POST'))[1]).toContain(
      'scope="repository:p/one:pull,push repository:p/two:pull"',
    )
    expect((await ask('/v2/_catalog'))[1]).toContain('scope="registry:catalog:*"')
  })

  it('lets a stranger read what is public, and a robot what it was given', async () => {
    const { ask, secret } = await open()
    expect((await ask('/v2/open/one/tags/list'))[0]).toBe(404)
    expect((await ask('/v2/p/one/tags/list', basic(ROBOT, secret)))[0]).toBe(404)
    expect(await ask('/v2/p/one/blobs/uploads/', basic(ROBOT, secret), 'POST')).toEqual([403, null])
  })

  it('takes wrong credentials for no credentials nowhere', async () => {
    const { ask } = await open()
    for (const headers of [
      basic('robot$ci', 'wrong'),
      basic('nobody', PASSWORD),
      { Authorization: 'Bearer garbage' },
      { Authorization: 'Digest something' },
    ]) {
      expect((await ask('/v2/open/one/tags/list', headers))[0]).toBe(401)
      expect((await ask('/v2/', headers))[0]).toBe(401)
    }
  })
})

const both = 'repository:p/one:pull,push'

describe('the token service', () => {
  it('narrows what is asked for to what may be done', async () => {
    const { secret, token } = await open()
    expect((await token(both, basic(ROBOT, secret))).scope).toBe('repository:p/one:pull')
    expect((await token(both, basic('alice', PASSWORD))).scope).toBe(both)
    expect((await token(both)).scope).toBe('')
    expect((await token('repository:open/one:pull,push')).scope).toBe('repository:open/one:pull')
    expect((await token('registry:catalog:*', basic('alice', PASSWORD))).scope).toBe('')
    expect((await token('registry:catalog:*', basic('admin', PASSWORD))).scope).not.toBe('')
    const two = await token(`${both}&scope=repository:open/x:delete`, basic('alice', PASSWORD))
    expect(two.scope).toBe(both)
  })

  it('gives tokens that do what they say, and nothing beyond it', async () => {
    const { ask, token } = await open()
    const { access_token: pulls } = await token(both, basic('alice', PASSWORD))
    expect((await ask('/v2/p/one/blobs/uploads/', bearer(pulls), 'POST'))[0]).toBe(202)
    expect((await ask('/v2/p/two/tags/list', bearer(pulls)))[0]).toBe(401)
    expect((await ask('/v2/', bearer(pulls)))[0]).toBe(200)
  })

  it('refuses whoever is wrong alike, whatever is wrong, and says why to the log alone', async () => {
    const { admin, failures, get, post, robot, secret, store } = await open()
    expect(await get('', basic('alice', 'Wrong1234'))).toBe(401)
    expect(await get('', basic('nobody', PASSWORD))).toBe(401)
    expect(await get('', basic('robot$none', secret))).toBe(401)
    expect(await get('', bearer('x'))).toBe(401)
    await updateRobot(store, admin, robot.number, { ...robot, isDisabled: true })
    expect(await get('', basic(ROBOT, secret))).toBe(401)
    expect(await post({ grant_type: 'password', username: ROBOT, password: secret })).toBe(401)
    expect(failures).toEqual([
      'wrong name or password, or too many attempts',
      'wrong name or password, or too many attempts',
      'unknown',
      'disabled',
      'disabled',
    ])
  })

  it('answers the grants of OAuth2, and their mistakes', async () => {
    const { post } = await open()
    const login = { grant_type: 'password', username: 'alice', password: PASSWORD }
    const got = await post({ ...login, scope: both })
    expect(got).toMatchObject({ scope: both })
    expect(got).not.toHaveProperty('refresh_token')
    expect(await post({ ...login, password: 'Wrong1234' })).toBe(401)
    expect(await post({ grant_type: 'password' })).toBe(401)
    expect(await post({ grant_type: 'client_credentials' })).toBe(400)
    expect(await post({ grant_type: 'refresh_token', refresh_token: 'x' })).toBe(401)
  })

  it('answers what containerd sends, which asks by POST for all scopes at once', async () => {
    const { post } = await open()
    const asked = { client_id: 'containerd-client', service: 'roadstead' }
    const scopes = 'repository:p/one:pull,push repository:open/x:pull repository:secret/y:pull'
    const granted = 'repository:p/one:pull,push repository:open/x:pull'
    const login = { grant_type: 'password', username: 'alice', password: PASSWORD }
    const first = await post({ ...asked, ...login, scope: scopes, access_type: 'offline' })
    if (typeof first === 'number') throw new Error(`refused: ${first}`)
    expect(first).toMatchObject({ scope: granted, refresh_token: expect.any(String) as string })
    // Without a name, as it sends what docker keeps instead of a password.
    const refresh = { grant_type: 'refresh_token', refresh_token: first.refresh_token ?? '' }
    expect(await post({ ...asked, ...refresh, scope: scopes })).toMatchObject({ scope: granted })
    expect(await post({ ...asked, ...refresh })).toMatchObject({ scope: '' })
  })

  it('takes no form that is too large, or has no length', async () => {
    const { app, post } = await open()
    expect(await post({ grant_type: 'password', password: 'x'.repeat(64 * 1024) })).toBe(413)
    const body = Buffer.from('grant_type=password')
    expect((await app.request('/service/token', { method: 'POST', body })).status).toBe(413)
  })

  it('gives a refresh token to who asks, which is good until the password is another', async () => {
    const { alice, get, pass, post, store } = await open()
    const first = await get('offline_token=true', basic('alice', PASSWORD))
    const refresh = typeof first === 'number' ? undefined : first.refresh_token
    const again = { grant_type: 'refresh_token', refresh_token: refresh ?? '', scope: both }
    pass(80 * 24 * 60 * 60 * 1000)
    expect(await post(again)).toMatchObject({ scope: both, refresh_token: refresh })
    await changePassword(store, alice.number, { oldPassword: PASSWORD, newPassword: 'Other1234' })
    expect(await post(again)).toBe(401)
    const second = await get('offline_token=true', basic('alice', 'Other1234'))
    pass(91 * 24 * 60 * 60 * 1000)
    const late = typeof second === 'number' ? '' : (second.refresh_token ?? '')
    expect(await post({ grant_type: 'refresh_token', refresh_token: late })).toBe(401)
  })

  it('by a refresh token counts as a use of what it was given for', async () => {
    const { alice, get, pass, post, robot, secret, store } = await open()
    const { text, token } = await createToken(store, alice.number, { name: 'ci', scope: 'all' })
    const used = async () => [
      (await readRobot(store, robot.number)).lastUsedAt ?? 0,
      (await listTokens(store, alice.number))[0]?.lastUsedAt ?? 0,
    ]
    const logins = [basic(ROBOT, secret), basic('alice', text)]
    const given = await Promise.all(logins.map(async (one) => await get('offline_token=true', one)))
    const first = await used()
    expect(first).not.toContain(0)
    pass(2 * 60 * 60 * 1000)
    for (const one of given) {
      const refresh = typeof one === 'number' ? '' : (one.refresh_token ?? '')
      const again = { grant_type: 'refresh_token', refresh_token: refresh }
      expect(await post(again)).toMatchObject({ expires_in: 300 })
    }
    const [ofRobot = 0, ofToken = 0] = await used()
    expect([ofRobot > (first[0] ?? 0), ofToken > (first[1] ?? 0)]).toEqual([true, true])
    await revokeToken(store, alice.number, token.id)
    expect(await listTokens(store, alice.number)).toEqual([])
  })

  it('takes neither kind of token for the other', async () => {
    const { ask, get, post } = await open()
    const got = await get('offline_token=true', basic('alice', PASSWORD))
    if (typeof got === 'number') throw new Error('refused')
    expect((await ask('/v2/', bearer(got.refresh_token)))[0]).toBe(401)
    expect(await post({ grant_type: 'refresh_token', refresh_token: got.access_token })).toBe(401)
  })

  it('lets a robot in with two round trips, but for the one that notes its use once an hour', async () => {
    const { counter, pass, secret, token } = await open()
    await token(both, basic(ROBOT, secret))
    // What the process remembers is forgotten by then.
    pass(30_000)
    const before = counter.depth()
    await token('repository:open/one:pull', basic(ROBOT, secret))
    expect(counter.depth() - before).toBe(2)
    // A login that is remembered costs none, and what is asked about is looked up beside the robot.
    const again = counter.depth()
    await token('repository:open/two:pull', basic(ROBOT, secret))
    expect(counter.depth() - again).toBe(1)
  })

  it('takes a personal token for the password, from its owner alone, until it is revoked', async () => {
    const { alice, get, pass, store } = await open()
    const { text, token } = await createToken(store, alice.number, { name: 'ci', scope: 'all' })
    expect(await get(`scope=${both}`, basic('Alice', text))).toMatchObject({ scope: both })
    expect(await get('', basic('admin', text))).toBe(401)
    await revokeToken(store, alice.number, token.id)
    pass(6_000)
    expect(await get('', basic('alice', text))).toBe(401)
  })

  it('publishes the keys that others verify its tokens by', async () => {
    const { app, token } = await open()
    const { access_token: text } = await token(both, basic('alice', PASSWORD))
    const keys = createRemoteJWKSet(new URL('http://localhost/.well-known/jwks.json'), {
      [customFetch]: async (url: string) => await app.request(url),
    })
    const { payload } = await jwtVerify(text, keys, { audience: 'roadstead' })
    expect(payload.sub).toBe('alice')
    expect(await (await app.request('/.well-known/jwks.json')).text()).not.toContain('"d"')
  })
})

describe('a registry that is read only', () => {
  it('lets nobody push or delete, and everybody pull', async () => {
    const { app } = createTestApp({ isReadOnly: true })
    const status = async (path: string, method: string) =>
      (await app.request(path, { method })).status
    expect(await status('/v2/p/one/blobs/uploads/', 'POST')).toBe(403)
    expect(await status('/v2/p/one/manifests/v1', 'DELETE')).toBe(403)
    expect(await status('/v2/p/one/manifests/v1', 'GET')).toBe(404)
  })
})

describe('a robot whose name looks like that of a user', () => {
  it('logs in, and so does the user of the same name', async () => {
    const { admin, get, store } = await open()
    const access = [{ resource: 'repository', action: 'pull' }]
    const { robot, secret } = await createRobot(store, admin, {
      ...{ name: 'ci', level: 'system', durationDays: -1, prefix: 'bot+' },
      permissions: [{ kind: 'project', namespace: '*', access }],
    })
    expect(robot.name).toBe('bot+ci')
    expect(await get('', basic('bot+ci', secret))).toMatchObject({ expires_in: 300 })
    await createUser(store, { name: 'bot+ci', password: PASSWORD, isSysadmin: false })
    expect(await get('', basic('bot+ci', PASSWORD))).toMatchObject({ expires_in: 300 })
    expect(await get('', basic('bot+ci', secret))).toMatchObject({ expires_in: 300 })
    expect(await get('', basic('bot+ci', 'Neither12'))).toBe(401)
  })
})

describe('a token that was given', () => {
  it('writes no more within seconds once its robot is gone, and pulls for its five minutes', async () => {
    const { admin, ask, pass, robot, secret, store, token } = await open()
    await updateRobot(store, admin, robot.number, {
      ...robot,
      permissions: [
        {
          ...{ kind: 'project', namespace: 'p' },
          access: ['pull', 'push'].map((action) => ({ resource: 'repository', action })),
        },
      ],
    })
    const { access_token: text } = await token('repository:p/one:pull,push', basic(ROBOT, secret))
    expect((await ask('/v2/p/one/blobs/uploads/', bearer(text), 'POST'))[0]).toBe(202)
    await deleteRobot(store, admin, robot.number)
    pass(6_000)
    expect((await ask('/v2/p/one/blobs/uploads/', bearer(text), 'POST'))[0]).toBe(401)
    expect((await ask('/v2/p/one/tags/list', bearer(text)))[0]).toBe(200)
  })

  it('writes no more within seconds once its robot is disabled, until that is taken back', async () => {
    const { admin, ask, pass, robot, secret, store, token } = await open()
    const access = ['pull', 'push'].map((action) => ({ resource: 'repository', action }))
    const change = async (isDisabled: boolean) =>
      await updateRobot(store, admin, robot.number, {
        ...{ description: '', isDisabled },
        permissions: [{ kind: 'project', namespace: 'p', access }],
      })
    await change(false)
    const { access_token: text } = await token(both, basic(ROBOT, secret))
    const push = async () => (await ask('/v2/p/one/blobs/uploads/', bearer(text), 'POST'))[0]
    expect(await push()).toBe(202)
    await change(true)
    pass(6_000)
    expect(await push()).toBe(401)
    await change(false)
    expect(await push()).toBe(202)
  })

  it('is followed by one of other rights, by the same secret, within its five minutes', async () => {
    const { admin, ask, pass, robot, secret, store, get, token } = await open()
    const grant = async (...actions: readonly string[]) => {
      const access = actions.map((action) => ({ resource: 'repository', action }))
      await updateRobot(store, admin, robot.number, {
        ...{ description: '', isDisabled: false },
        permissions: [{ kind: 'project', namespace: 'p', access }],
      })
      // What this process remembers of a login is forgotten by then.
      pass(5_001)
    }
    await grant('pull', 'push')
    const { access_token: text, scope } = await token(both, basic(ROBOT, secret))
    expect(scope).toBe(both)
    await grant('pull')
    expect(await get(`scope=${both}`, basic(ROBOT, secret))).toMatchObject({
      scope: 'repository:p/one:pull',
    })
    pass(306_000)
    expect((await ask('/v2/p/one/blobs/uploads/', bearer(text), 'POST'))[0]).toBe(401)
    expect((await ask('/v2/p/one/tags/list', bearer(text)))[0]).toBe(401)
    await grant('pull', 'push')
    expect((await token(both, basic(ROBOT, secret))).scope).toBe(both)
  })

  it('mounts only what it may pull', async () => {
    const { app, token } = await open()
    const alice = basic('alice', PASSWORD)
    const admin = basic('admin', PASSWORD)
    const secretBlob = await pushBlob({ app }, 'secret/hidden', 'of others', admin)
    const mount = async (scope: string, query: string) => {
      const { access_token: text } = await token(scope, alice)
      const path = `/v2/p/one/blobs/uploads/?${query}`
      return (await app.request(path, { method: 'POST', headers: bearer(text) })).status
    }
    const own = await pushBlob({ app }, 'p/other', 'of mine', alice)
    // The token is for one repository, and says that all of its project may be pulled.
    expect(await mount(both, `mount=${own}&from=p/other`)).toBe(201)
    expect(await mount(both, `mount=${own}`)).toBe(201)
    const opened = await pushBlob({ app }, 'open/other', 'for all', admin)
    expect(await mount(both, `mount=${opened}&from=open/other`)).toBe(202)
    const scopes = `${both}%20repository:open/other:pull`
    expect(await mount(scopes, `mount=${opened}&from=open/other`)).toBe(201)
    expect(await mount(both, `mount=${secretBlob}`)).toBe(202)
    expect(await mount(both, `mount=${secretBlob}&from=secret/hidden`)).toBe(202)
  })

  it('opens no other repository, however its name is written', async () => {
    const { app, ask, token } = await open()
    const admin = basic('admin', PASSWORD)
    const hidden = await pushBlob({ app }, 'secret/hidden', 'of others', admin)
    const { access_token: text } = await token(both, basic('alice', PASSWORD))
    const own = await pushBlob({ app }, 'p/one', 'of mine', bearer(text))
    expect((await ask(`/v2/p/one/blobs/${own}`, bearer(text)))[0]).toBe(200)
    expect((await ask(`/v2/p%2Fone/blobs/${own}`, bearer(text)))[0]).toBe(200)
    for (const name of [
      ...['secret/hidden', 'secret%2Fhidden', 'p/one%2F..%2F..%2Fsecret%2Fhidden'],
      ...[
        'Secret/hidden',
        'P/one',
        'p/one/',
        'p//one',
        '/p/one',
        'p/one%00',
        '%2e%2e/secret/hidden',
      ],
      ...[
        'secret/hidden?name=p/one',
        'p/one%3F/../../secret/hidden',
        'p/one/blobs/../../secret/hidden',
      ],
    ]) {
      const [status] = await ask(`/v2/${name}/blobs/${hidden}`, bearer(text))
      expect([400, 401, 404], name).toContain(status)
      const [pushed] = await ask(`/v2/${name}/blobs/uploads/`, bearer(text), 'POST')
      expect([400, 401, 404, 405], name).toContain(pushed)
    }
  })

  it('gives nothing of another repository by a manifest that refers to it', async () => {
    const { app, ask, token } = await open()
    const admin = basic('admin', PASSWORD)
    const hidden = await pushBlob({ app }, 'secret/hidden', 'of others', admin)
    const { access_token: text } = await token(both, basic('alice', PASSWORD))
    await pushBlob({ app }, 'p/one', '{}', bearer(text))
    const put = async (json: string) =>
      await app.request('/v2/p/one/manifests/v1', {
        method: 'PUT',
        body: Buffer.from(json),
        headers: bearer(text),
      })
    const refused = await put(imageJson('{}', ['of others']))
    expect(refused.status).toBe(404)
    expect(await refused.text()).toContain(hidden)
    // A subject need not exist, and tells nothing of whether it does elsewhere.
    const subject = { mediaType: 'application/json', digest: hidden, size: 9 }
    expect((await put(imageJson('{}', [], { subject }))).status).toBe(201)
    expect((await ask(`/v2/p/one/blobs/${hidden}`, bearer(text)))[0]).toBe(404)
    expect((await ask(`/v2/secret/hidden/referrers/${hidden}`, bearer(text)))[0]).toBe(401)
  })
})

describe('a project that is made again under its name', () => {
  const scope = 'repository:p/one:pull,push,delete'
  const P = parseProjectName('p')

  /** Alice has used her project when it is deleted, and then it is somebody else's, or hers. */
  const openAgain = async (owner: 'admin' | 'alice') => {
    const opened = await open()
    const { app, ask, store, token } = opened
    const alice = basic('alice', PASSWORD)
    const { access_token: old } = await token(`${scope}%20repository:p/new:pull,push`, alice)
    expect((await ask('/v2/p/one/tags/list', alice))[0]).toBe(404)
    await deleteProject(store, (await readProject(store, { name: P })).pid)
    await createProject(store, opened[owner], { name: P })
    const admin = basic('admin', PASSWORD)
    for (const blob of ['{}', 'theirs']) await pushBlob({ app }, 'p/one', blob, admin)
    const json = imageJson('{}', ['theirs'])
    const put = await app.request('/v2/p/one/manifests/v1', {
      ...{ method: 'PUT', body: Buffer.from(json), headers: admin },
    })
    expect(put.status).toBe(201)
    return { ...opened, alice, old, digest: digestOf(json) }
  }

  it('is not reached by a token that was given for what had the name before', async () => {
    const { app, ask, digest, old } = await openAgain('admin')
    const blob = digestOf('theirs')
    for (const [method, path] of [
      ...(['GET', 'HEAD', 'DELETE'] as const).flatMap((verb) => [
        [verb, '/v2/p/one/manifests/v1'],
        [verb, `/v2/p/one/manifests/${digest}`],
        [verb, `/v2/p/one/blobs/${blob}`],
      ]),
      ['GET', '/v2/p/one/tags/list'],
      ['GET', `/v2/p/one/referrers/${digest}`],
      ['POST', '/v2/p/one/blobs/uploads/'],
      ['POST', `/v2/p/one/blobs/uploads/?mount=${blob}&from=p/one`],
      ['POST', '/v2/p/new/blobs/uploads/'],
      ['POST', `/v2/p/new/blobs/uploads/?mount=${blob}`],
    ] as const) {
      const [status, challenge] = await ask(path, bearer(old), method)
      expect([method, path, status], challenge ?? '').toEqual([method, path, 401])
      expect(challenge).toContain('scope="repository:p/')
    }
    const put = await app.request('/v2/p/one/manifests/v2', {
      ...{ method: 'PUT', body: Buffer.from(imageJson('{}', [])), headers: bearer(old) },
    })
    expect(put.status).toBe(401)
    // Not even an empty repository is left behind.
    const admin = basic('admin', PASSWORD)
    expect((await ask('/v2/p/new/tags/list', admin))[0]).toBe(404)
    const listed = await app.request('/v2/_catalog', { headers: admin })
    expect(await listed.json()).toEqual({ repositories: ['p/one'] })
  })

  it('gives nothing by a mount either', async () => {
    const { admin, alice, app, pass, store, token } = await open()
    await createProject(store, alice, { name: parseProjectName('mine') })
    const wide = `${scope}%20repository:mine/x:pull,push`
    const { access_token: old } = await token(wide, basic('alice', PASSWORD))
    await deleteProject(store, (await readProject(store, { name: P })).pid)
    await createProject(store, admin, { name: P })
    const theirs = await pushBlob({ app }, 'p/one', 'theirs', basic('admin', PASSWORD))
    const mount = async () =>
      await app.request(`/v2/mine/x/blobs/uploads/?mount=${theirs}&from=p/one`, {
        ...{ method: 'POST', headers: bearer(old) },
      })
    expect((await mount()).status).toBe(202)
    pass(6_000)
    expect((await mount()).status).toBe(202)
  })

  it('is no more open to who had a right in the former one and shows a password', async () => {
    const { alice, ask } = await openAgain('admin')
    expect((await ask('/v2/p/one/manifests/v1', alice))[0]).toBe(403)
    expect((await ask('/v2/p/one/blobs/uploads/', alice, 'POST'))[0]).toBe(403)
  })

  it('is open at once to whose it is now, by a password and by a new token', async () => {
    const { alice, ask, old, token } = await openAgain('alice')
    expect((await ask('/v2/p/one/manifests/v1', bearer(old)))[0]).toBe(401)
    expect((await ask('/v2/p/one/manifests/v1', alice))[0]).toBe(200)
    const { access_token: fresh } = await token(scope, alice)
    expect((await ask('/v2/p/one/manifests/v1', bearer(fresh)))[0]).toBe(200)
    expect((await ask('/v2/p/one/blobs/uploads/', bearer(fresh), 'POST'))[0]).toBe(202)
    expect((await ask('/v2/p/one/manifests/v1', bearer(fresh), 'DELETE'))[0]).toBe(202)
  })

  it('is open to who has a right in every project, those to come included', async () => {
    const { ask, pass, secret, token } = await openAgain('admin')
    const { access_token: wide } = await token('repository:q/one:pull', basic(ROBOT, secret))
    expect((await ask('/v2/q/one/tags/list', bearer(wide)))[0]).toBe(404)
    pass(6_000)
    const { access_token: robot } = await token('repository:p/one:pull', basic(ROBOT, secret))
    expect((await ask('/v2/p/one/manifests/v1', bearer(robot)))[0]).toBe(200)
  })
})

describe('whoever may not come in', () => {
  /** How a door refuses: all of the answer but its date and its id. */
  const shown = async (answer: Promise<Response>) => {
    const { headers, status, ...response } = await answer.then(async (one) => ({
      ...{ status: one.status, text: await one.text() },
      headers: [...one.headers].filter(([name]) => name !== 'x-request-id').sort(),
    }))
    return { status, headers, ...response }
  }

  it('is answered the same, whatever is wrong, at every door and by as many looks into the table', async () => {
    const { admin, app, counter, failures, pass, robot, secret, store } = await open()
    const logIn = createLogIn(store, () => undefined)
    const api = createTestApi(undefined, {
      store,
      authenticate: createAuthenticate({ store, logIn }),
    })
    const make = async (name: string, given: Partial<NewRobot> = {}) => {
      const access = [{ resource: 'repository', action: 'pull' }]
      const made = await createRobot(store, admin, {
        ...{ name, level: 'system', durationDays: -1 },
        permissions: [{ kind: 'project', namespace: '*', access }],
        ...given,
      })
      return [made.robot.name, made.secret] as const
    }
    const gone = await make('gone')
    await deleteRobot(store, admin, robot.number + 1)
    const old = await make('old', { durationDays: 1 })
    pass(25 * 60 * 60 * 1000)
    const wrong = [
      ...[['alice', 'Wrong1234'] as const, ['nobody', 'Wrong1234'] as const],
      ...[[ROBOT, generateSecret()] as const, ['robot$none', generateSecret()] as const],
      ...[gone, old, await make('off', { isDisabled: true })],
    ]
    const doors = {
      v2: async (name: string, password: string) =>
        await app.request('/v2/', { headers: basic(name, password) }),
      token: async (name: string, password: string) =>
        await app.request('/service/token?service=roadstead', { headers: basic(name, password) }),
      grant: async (username: string, password: string) => {
        const body = new URLSearchParams({ grant_type: 'password', username, password }).toString()
        const headers = { 'Content-Length': String(body.length) }
        return await app.request('/service/token', { method: 'POST', body, headers })
      },
      api: async (name: string, password: string) =>
        await api.app.request('/api/v2.0/users/current', { headers: basic(name, password) }),
    }
    for (const [door, ask] of Object.entries(doors)) {
      const answers = new Set<string>()
      const looks: Record<string, Set<number>> = { user: new Set(), robot: new Set() }
      for (const [name, password] of wrong) {
        const before = counter.depth()
        answers.add(JSON.stringify(await shown(ask(name, password))))
        looks[name.startsWith('robot$') ? 'robot' : 'user']?.add(counter.depth() - before)
      }
      expect([door, answers.size]).toEqual([door, 1])
      expect([...answers][0]).toContain('"status":401')
      expect([looks['user']?.size, looks['robot']?.size], door).toEqual([1, 1])
      expect(JSON.stringify([...answers])).not.toMatch(/disabled|expired|unknown user|no such/)
    }
    expect(new Set(failures)).toEqual(
      new Set([
        ...['wrong name or password, or too many attempts', 'wrong secret', 'unknown'],
        ...['expired', 'disabled'],
      ]),
    )
    // The secrets are good: nothing but what the robots have become keeps them out.
    expect((await doors.v2(ROBOT, secret)).status).toBe(200)
  })
})
