import { createHmac } from 'node:crypto'
import { exportSPKI, importJWK, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createKeyRing } from '../../shared/auth/key-ring.ts'
import { parseScopes } from '../../shared/auth/scope.ts'
import type { Credentials } from '../../shared/identity/gate.ts'
import { createTokens } from '../../shared/identity/tokens.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { openDoor as open, ROBOT } from '../support/door.ts'

const one = parseRepositoryName('p/one')
const bearer = (token: string): Credentials => ({ kind: 'bearer', token })

describe('a token', () => {
  it('lets its bearer do what it says and nothing else, without a read of the store', async () => {
    const { counter, gate, tokens } = await open()
    const granted = parseScopes(['repository:p/one:pull,push repository:p/two:pull'])
    const { token } = await tokens.issue({ subject: ROBOT, scopes: granted })
    const before = counter.depth()
    const visitor = await gate.visit(bearer(token))
    expect(visitor?.subject).toBe('robot$ci')
    expect(await visitor?.may('push', one)).toBe(true)
    expect(await visitor?.may('delete', one)).toBe(false)
    expect(await visitor?.may('push', parseRepositoryName('p/two'))).toBe(false)
    expect(await visitor?.may('pull', parseRepositoryName('p/one/more'))).toBe(false)
    expect(visitor?.mayListCatalog).toBe(false)
    expect(counter.depth()).toBe(before)
  })

  it('is good for five minutes, remembered or not', async () => {
    const { gate, pass, tokens } = await open()
    const { token } = await tokens.issue({ subject: 'a', scopes: [] })
    expect(await gate.visit(bearer(token))).toBeDefined()
    pass(299_000)
    expect(await gate.visit(bearer(token))).toBeDefined()
    pass(30_000)
    expect(await gate.visit(bearer(token))).toBeUndefined()
  })

  it('is no good when anything about it is forged', async () => {
    const { gate, keys, tokens } = await open()
    const { token } = await tokens.issue({
      subject: 'a',
      scopes: parseScopes(['repository:p/one:push']),
    })
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
    const { keys, store, tokens } = await open()
    const { token } = await tokens.issue({ subject: 'a', scopes: [] })
    const other = createTokens(store, createKeyRing(store))
    expect((await other.verify(token))?.subject).toBe('a')
    const published = JSON.stringify(await keys.jwks())
    expect(published).toContain('"kid"')
    expect(published).not.toContain('"d"')
  })

  it('is signed by a new key after a month, and those of the old one stay good', async () => {
    const { gate, keys, pass, tokens } = await open()
    const first = await keys.current()
    pass(31 * 24 * 60 * 60 * 1000)
    const { token } = await tokens.issue({ subject: 'a', scopes: [] })
    expect((await keys.jwks()).keys).toHaveLength(2)
    pass(150_000)
    expect((await keys.current()).id).not.toBe(first.id)
    expect(await gate.visit(bearer(token))).toBeDefined()
  })
})
