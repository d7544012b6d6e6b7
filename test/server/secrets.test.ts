/** A whole run with everything in it that is secret, and the log of that run. */
import { afterEach, expect, it } from 'vitest'
import * as z from 'zod'
import { digestOf } from '../../shared/oci/digest.ts'
import { authorization } from '../support/credentials.ts'
import { startServer, type RunningServer } from '../support/server.ts'

const ADMIN = { name: 'admin', password: 'Admin-secret-1' }
const ALICE = { name: 'alice', password: 'Alice-secret-1' }
const JSON_TYPE = { 'Content-Type': 'application/json' }
const MEGABYTE = 1024 * 1024

let running: RunningServer | undefined
afterEach(async () => {
  await running?.stop()
  running = undefined
})

const answer = z.looseObject({
  access_token: z.string(),
  refresh_token: z.string().optional(),
})
const made = z.looseObject({ id: z.union([z.string(), z.number()]), secret: z.string() })
const begun = z.looseObject({ put: z.looseObject({ url: z.string() }) })

const open = async () => {
  const server = await startServer({
    adminPassword: ADMIN.password,
    args: ['--redirect-blobs', '--create-projects-on-push'],
    env: { LOG_LEVEL: 'debug' },
  })
  running = server
  const secrets = new Set<string>()
  const keep = (...texts: readonly string[]): void => {
    for (const text of texts) secrets.add(text)
  }
  const send = async (method: string, path: string, init: RequestInit = {}): Promise<Response> =>
    await fetch(path.startsWith('http') ? path : `${server.url}${path}`, {
      ...{ method, redirect: 'manual' },
      ...init,
    })
  const as = (login: { readonly name: string; readonly password: string }) => {
    keep(login.password, authorization(login).slice('Basic '.length))
    return { Authorization: authorization(login) }
  }
  const api = async (method: string, path: string, body?: unknown, login = ADMIN) =>
    await send(method, `/api/v2.0${path}`, {
      headers: { ...as(login), ...(body === undefined ? {} : JSON_TYPE) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  return { server, secrets, keep, send, as, api }
}

it('no line of the log tells a secret, whatever was done with it and however it failed', async () => {
  const { api, as, keep, secrets, send, server } = await open()
  const is = async (status: number, response: Promise<Response>): Promise<Response> => {
    const got = await response
    if (got.status !== status) throw new Error(`${got.url}: ${got.status} ${await got.text()}`)
    return got
  }

  // Users, their passwords and tokens.
  await is(201, api('POST', '/users', { username: 'alice', password: ALICE.password }))
  const weak = { username: 'bob', password: 'weaksecret' }
  keep(weak.password, 'Changed-secret-1', 'Wrong-secret-1')
  await is(400, api('POST', '/users', weak))
  await is(422, api('POST', '/users', { ...weak, username: 7 }))
  const broken = `{"username":"bob","password":"${weak.password}`
  const headers = { ...as(ADMIN), ...JSON_TYPE }
  await is(400, send('POST', '/api/v2.0/users', { headers, body: broken }))
  const change = { old_password: 'Wrong-secret-1', new_password: 'Changed-secret-1' }
  await is(403, api('PUT', '/users/2/password', change, ALICE))
  const tokenAnswer = await is(201, api('POST', '/users/current/tokens', { name: 'ci' }, ALICE))
  const pat = made.parse(await tokenAnswer.json())
  keep(pat.secret)
  await is(200, api('GET', '/users/current', undefined, { name: 'alice', password: pat.secret }))

  // Robots: a secret that is made, one that is given, one that is refused.
  const permissions = [
    {
      ...{ kind: 'project', namespace: '*' },
      access: [{ resource: 'repository', action: 'pull' }],
    },
  ]
  const robot = { name: 'ci', level: 'system', duration: -1, permissions }
  const robotMade = made.parse(await (await is(201, api('POST', '/robots', robot))).json())
  keep(robotMade.secret, 'Given-secret-1', 'weakgiven')
  await is(200, api('PATCH', `/robots/${robotMade.id}`, { secret: 'Given-secret-1' }))
  await is(400, api('PATCH', `/robots/${robotMade.id}`, { secret: 'weakgiven' }))

  // Logins of every kind, good and bad, and secrets where none should be.
  const service = '/service/token?service=roadstead&offline_token=true'
  const [user, ci] = [as(ALICE), as({ name: 'robot$ci', password: 'Given-secret-1' })]
  const issued = answer.parse(await (await is(200, send('GET', service, { headers: user }))).json())
  const refresh = issued.refresh_token ?? ''
  keep(issued.access_token, refresh)
  await is(200, send('GET', service, { headers: ci }))
  await is(401, send('GET', service, { headers: as({ name: 'robot$ci', password: 'weakgiven' }) }))
  await is(401, send('GET', '/v2/', { headers: as({ name: 'alice', password: 'Wrong-secret-1' }) }))
  await is(200, send('GET', `${service}&password=${ALICE.password}&token=${pat.secret}`))
  for (const [status, fields] of [
    [200, { grant_type: 'password', username: 'alice', password: ALICE.password }],
    [401, { grant_type: 'password', username: 'alice', password: 'Wrong-secret-1' }],
    [200, { grant_type: 'refresh_token', refresh_token: refresh }],
    [401, { grant_type: 'refresh_token', refresh_token: `${refresh}x` }],
    [400, { grant_type: 'unknown', password: ALICE.password }],
  ] as const) {
    await is(status, send('POST', '/service/token', { body: new URLSearchParams(fields) }))
  }
  const bearer = { Authorization: `Bearer ${issued.access_token}` }
  await is(200, send('GET', '/v2/', { headers: bearer }))
  await is(
    401,
    send('GET', '/v2/library/a/tags/list', { headers: { Authorization: `Bearer ${refresh}` } }),
  )

  // A session of a browser.
  const body = new URLSearchParams({ principal: 'alice', password: ALICE.password })
  const session = await is(200, send('POST', '/c/login', { body }))
  const [cookie = ''] = (session.headers.get('Set-Cookie') ?? '').split(';')
  const csrf = session.headers.get('X-Harbor-CSRF-Token') ?? ''
  keep(cookie.slice('sid='.length), csrf)
  const page = { Cookie: cookie, 'X-Harbor-CSRF-Token': csrf, ...JSON_TYPE }
  await is(200, send('PUT', '/api/v2.0/users/2', { headers: page, body: '{"comment":"x"}' }))
  await is(
    403,
    send('PUT', '/api/v2.0/users/2', {
      headers: { ...page, 'X-Harbor-CSRF-Token': 'x' },
      body: '{}',
    }),
  )

  // Signed URLs, to write and to read.
  const bytes = Buffer.from('some bytes')
  const direct = await is(
    201,
    send('POST', '/v2/library/app/_direct/', {
      headers,
      body: JSON.stringify({ digest: digestOf(bytes), size: bytes.byteLength }),
    }),
  )
  const { put, upload } = begun.extend({ upload: z.string() }).parse(await direct.json())
  const write = z.record(z.string(), z.string()).parse(put['headers'] ?? {})
  const writeUrl = new URL(put.url, server.url)
  await is(200, send('PUT', writeUrl.href, { headers: write, body: bytes }))
  await is(201, send('POST', `/v2/library/app/_direct/${upload}/finish`, { headers: as(ADMIN) }))
  const read = await is(307, send('GET', `/v2/library/app/blobs/${digestOf(bytes)}`))
  const readUrl = new URL(read.headers.get('Location') ?? '', server.url)
  await is(200, send('GET', readUrl.href))
  for (const { searchParams } of [writeUrl, readUrl]) {
    // What is signed may be known; what it is signed with may not.
    const signature = [...searchParams].filter(([name]) => name.toLowerCase().includes('sig'))
    expect(signature).toHaveLength(1)
    keep(...signature.map(([, value]) => value))
  }

  await server.stop()
  const log = server.log()
  expect(log.length).toBeGreaterThan(35)
  expect(secrets.size).toBeGreaterThan(20)
  for (const secret of secrets) expect(secret.length).toBeGreaterThan(8)
  const told = [...secrets].flatMap((secret) =>
    log.filter((line) => line.includes(secret) || line.includes(encodeURIComponent(secret))),
  )
  expect(told).toEqual([])
  expect(log.filter((line) => line.includes('eyJ'))).toEqual([])
  expect(log.join('\n')).toContain('a login failed')
})

it('ten megabytes of JSON are refused, and others are served meanwhile', async () => {
  const { as, send, server } = await open()
  const name = 'x'.repeat(10 * MEGABYTE)
  const init = { headers: { ...as(ADMIN), ...JSON_TYPE }, body: JSON.stringify({ name }) }
  const [refused, alive] = await Promise.all([
    send('POST', '/api/v2.0/labels', init).then(
      async (response) => [response.status, await response.text()] as const,
    ),
    send('GET', '/api/v2.0/ping'),
  ])
  expect(refused[0]).toBe(413)
  expect(refused[1]).toContain('REQUEST_ENTITY_TOO_LARGE')
  expect(alive.status).toBe(200)
  const deep = `${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}`
  const nested = await send('POST', '/api/v2.0/labels', { ...init, body: deep })
  expect(nested.status).toBe(400)
  expect((await fetch(`${server.url}/livez`)).status).toBe(200)
})
