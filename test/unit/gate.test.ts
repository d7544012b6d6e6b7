import { createHmac } from 'node:crypto'
import { exportSPKI, importJWK, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createGate, type Credentials } from '../../shared/auth/gate.ts'
import { createKeyRing } from '../../shared/auth/key-ring.ts'
import type { Principal } from '../../shared/auth/principal.ts'
import { parseScopes } from '../../shared/auth/scope.ts'
import { createTokens } from '../../shared/auth/tokens.ts'
import { openMemory } from '../../shared/memory/open.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import type { ProjectId } from '../../shared/table.ts'
import { createTestApp } from '../support/app.ts'

const ROBOT: Principal = {
  kind: 'robot',
  number: 1 as Extract<Principal, { kind: 'robot' }>['number'],
  name: 'robot$ci',
  system: [],
  projects: [{ pid: undefined, repository: undefined, permissions: ['repository:pull'] }],
}
const PASSWORD = 'Right1234'

const open = () => {
  let now = Date.now()
  const counted = { reads: 0 }
  const { kv } = openMemory()
  const store = {
    kv: {
      ...kv,
      query: async (...args: Parameters<typeof kv.query>) => {
        counted.reads += 1
        return await kv.query(...args)
      },
    },
    clock: { ...systemClock, now: () => now },
    ids: createRandomIds(),
  }
  const keys = createKeyRing(store)
  const tokens = createTokens(store, keys)
  const gate = createGate({
    store,
    tokens,
    authenticate: (login, password) =>
      Promise.resolve(login === ROBOT.name && password === PASSWORD ? ROBOT : undefined),
    factsOf: (_principal, project) =>
      Promise.resolve(
        project === 'missing'
          ? undefined
          : { pid: project as string as ProjectId, isPublic: project === 'open', role: undefined },
      ),
  })
  const pass = (ms: number): void => {
    now += ms
  }
  return { store, keys, tokens, gate, counted, pass }
}

const one = parseRepositoryName('p/one')
const bearer = (token: string): Credentials => ({ kind: 'bearer', token })

describe('a token', () => {
  it('lets its bearer do what it says and nothing else, without a read of the store', async () => {
    const { counted, gate, tokens } = open()
    const granted = parseScopes(['repository:p/one:pull,push repository:p/two:pull'])
    const { token } = await tokens.issue('robot$ci', granted)
    const before = counted.reads
    const visitor = await gate.visit(bearer(token))
    expect(visitor?.subject).toBe('robot$ci')
    expect(await visitor?.may('push', one)).toBe(true)
    expect(await visitor?.may('delete', one)).toBe(false)
    expect(await visitor?.may('push', parseRepositoryName('p/two'))).toBe(false)
    expect(await visitor?.may('pull', parseRepositoryName('p/one/more'))).toBe(false)
    expect(visitor?.mayListCatalog).toBe(false)
    expect(counted.reads).toBe(before)
  })

  it('is good for five minutes, remembered or not', async () => {
    const { gate, pass, tokens } = open()
    const { token } = await tokens.issue('a', [])
    expect(await gate.visit(bearer(token))).toBeDefined()
    pass(299_000)
    expect(await gate.visit(bearer(token))).toBeDefined()
    pass(30_000)
    expect(await gate.visit(bearer(token))).toBeUndefined()
  })

  it('is no good when anything about it is forged', async () => {
    const { gate, keys, tokens } = open()
    const { token } = await tokens.issue('a', parseScopes(['repository:p/one:push']))
    const { id, privateKey } = await keys.current()
    const now = Math.floor(Date.now() / 1000)
    const signed = async (change: Readonly<Record<string, unknown>>, kid = id) =>
      await new SignJWT({
        ...{ iss: 'roadstead-token-service', aud: 'roadstead', sub: 'a' },
        ...{ iat: now, nbf: now, exp: now + 300 },
        ...change,
      })
        .setProtectedHeader({ alg: 'ES256', kid })
        .sign(privateKey)
    expect(await gate.visit(bearer(await signed({})))).toBeDefined()
    const [header = '', body = '', signature = ''] = token.split('.')
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const [jwk] = (await keys.jwks()).keys
    const publicKey = await importJWK(jwk ?? {}, 'ES256')
    const spki = publicKey instanceof Uint8Array ? '' : await exportSPKI(publicKey)
    const hs = `${encode({ alg: 'HS256', kid: id })}.${body}`
    for (const forged of [
      '',
      'garbage',
      `${header}.${body}.`,
      `${header}.${body}.${signature.slice(1)}A`,
      `${encode({ alg: 'none', kid: id })}.${body}.`,
      `${hs}.${createHmac('sha256', spki).update(hs).digest('base64url')}`,
      await signed({ iss: 'somebody else' }),
      await signed({ aud: 'another service' }),
      await signed({ nbf: now + 120 }),
      await signed({ exp: now - 60 }),
      await signed({}, 'no-such-key'),
    ]) {
      expect(await gate.visit(bearer(forged)), forged).toBeUndefined()
    }
  })

  it('made by one process is good in another, and its key is not told', async () => {
    const { keys, store, tokens } = open()
    const { token } = await tokens.issue('a', [])
    const other = createTokens(store, createKeyRing(store))
    expect((await other.verify(token))?.subject).toBe('a')
    const published = JSON.stringify(await keys.jwks())
    expect(published).toContain('"kid"')
    expect(published).not.toContain('"d"')
  })

  it('is signed by a new key after a month, and those of the old one stay good', async () => {
    const { gate, keys, pass, tokens } = open()
    const first = await keys.current()
    pass(31 * 24 * 60 * 60 * 1000)
    const { token } = await tokens.issue('a', [])
    expect((await keys.jwks()).keys).toHaveLength(2)
    pass(150_000)
    expect((await keys.current()).id).not.toBe(first.id)
    expect(await gate.visit(bearer(token))).toBeDefined()
  })
})

describe('a distribution API with a gate', () => {
  const basic = (login: string, password: string) => ({
    Authorization: `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`,
  })
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const { app } = createTestApp({ gate: open().gate })
    const response = await app.request(path, { headers, method })
    return [response.status, response.headers.get('WWW-Authenticate')]
  }

  it('tells a stranger what to ask the token service for', async () => {
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
    expect((await ask('/v2/_catalog'))[1]).toContain('scope="registry:catalog:*"')
  })

  it('lets a stranger read what is public, and a robot what it was given', async () => {
    expect((await ask('/v2/open/one/tags/list'))[0]).toBe(404)
    expect((await ask('/v2/p/one/tags/list', basic('robot$ci', PASSWORD)))[0]).toBe(404)
    expect(await ask('/v2/p/one/blobs/uploads/', basic('robot$ci', PASSWORD), 'POST')).toEqual([
      403,
      null,
    ])
  })

  it('takes wrong credentials for no credentials nowhere', async () => {
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
