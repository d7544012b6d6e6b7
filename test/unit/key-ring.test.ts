import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createKeyRing } from '../../shared/auth/key-ring.ts'
import { openMemory } from '../../shared/memory/open.ts'
import { PortError, type Kv } from '../../shared/ports.ts'
import { createTokens } from '../../shared/identity/tokens.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { SIGNING_KEYS } from '../../shared/table.ts'
import { createTestStore } from '../support/domain.ts'

/** A ring over an empty table whose writes go through `write` first. */
const ringWith = (write: () => Promise<void>) => {
  const { kv } = openMemory()
  const troubled: Kv = {
    ...kv,
    write: async (operation) => {
      await write()
      return await kv.write(operation)
    },
  }
  return createKeyRing({ kv: troubled, clock: systemClock, ids: createRandomIds() })
}

describe('the first key of a registry', () => {
  it('is waited for by everybody who wants a token while it is being made', async () => {
    const writing = Promise.withResolvers<undefined>()
    const written = Promise.withResolvers<undefined>()
    const ring = ringWith(async () => {
      writing.resolve(undefined)
      await written.promise
    })
    const first = ring.current()
    await writing.promise
    const second = ring.current()
    written.resolve(undefined)
    expect((await second).id).toBe((await first).id)
    expect((await ring.jwks()).keys).toHaveLength(1)
  })

  it('is made by the next who wants a token when it could not be written', async () => {
    let isFull = true
    const ring = ringWith(async () => {
      await Promise.resolve()
      if (isFull) throw new PortError('full', 'no room for the test')
    })
    await expect(ring.current()).rejects.toThrow('no room for the test')
    isFull = false
    const { id } = await ring.current()
    expect(await ring.find(id)).toBeDefined()
  })
})

const MINUTE = 60_000

describe('a key that is deleted from the table', () => {
  /** A process that knows the key, verifies by it and never signs; what it asks the table goes through `query`. */
  const verifier = async () => {
    const store = createTestStore()
    const signer = createKeyRing(store)
    const { id } = await signer.current()
    let query = store.kv.query
    const kv: Kv = { ...store.kv, query: async (asked) => await query(asked) }
    const ring = createKeyRing({ ...store, kv })
    expect(await ring.find(id)).toBeDefined()
    return {
      ...{ store, signer, ring, id },
      isFound: async () => (await ring.find(id)) !== undefined,
      remove: async () => {
        const { items } = await store.kv.query({ pk: SIGNING_KEYS, read: 'strong' })
        for (const { pk, sk } of items) await store.kv.write({ op: 'delete', key: { pk, sk } })
      },
      asking: (through: Kv['query']) => {
        query = through
      },
    }
  }

  it('is believed for a minute where tokens come, and the next look is beside them', async () => {
    const { isFound, remove, store } = await verifier()
    await remove()
    store.pass(MINUTE - 1_000)
    expect(await isFound()).toBe(true)
    store.pass(2_000)
    expect(await isFound()).toBe(true)
    await expect.poll(isFound).toBe(false)
  })

  it('is not believed by who has not looked for five minutes', async () => {
    const { isFound, remove, store } = await verifier()
    await remove()
    store.pass(5 * MINUTE)
    expect(await isFound()).toBe(false)
  })

  it('holds nobody up while the table does not answer, until those five minutes are over', async () => {
    const { asking, isFound, store } = await verifier()
    asking(async () => await new Promise(() => undefined))
    store.pass(4 * MINUTE)
    expect(await isFound()).toBe(true)
    expect(await isFound()).toBe(true)
  })

  it('is looked for again when that failed, which is told to nobody before those five minutes are over', async () => {
    const { asking, isFound, remove, ring, store } = await verifier()
    await remove()
    const working = store.kv.query
    asking(async () => await Promise.reject(new Error('down for the test')))
    store.pass(4 * MINUTE)
    expect(await isFound()).toBe(true)
    await expect(ring.jwks()).rejects.toThrow('down for the test')
    store.pass(MINUTE)
    await expect(isFound()).rejects.toThrow('down for the test')
    asking(working)
    expect(await isFound()).toBe(false)
  })

  it('ends the tokens that it signed, for however long, also those that were seen before', async () => {
    const { remove, ring, signer, store } = await verifier()
    const { privateKey, id } = await signer.current()
    const now = Math.floor(store.clock.now() / 1000)
    const forged = await new SignJWT({ sub: 'admin' })
      .setProtectedHeader({ alg: 'ES256', kid: id })
      .setIssuer('roadstead-token-service')
      .setAudience('roadstead')
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime('10y')
      .sign(privateKey)
    const tokens = createTokens(store, ring)
    expect(await tokens.verify(forged)).toBeDefined()
    await remove()
    store.pass(5 * MINUTE)
    expect(await tokens.verify(forged)).toBeUndefined()
  })
})

describe('a key that has become old', () => {
  it('verifies as long as a token of its last day is good, and a process that never signs drops it, too', async () => {
    const store = createTestStore()
    const { id } = await createKeyRing(store).current()
    const ring = createKeyRing(store)
    const DAY = 24 * 60 * MINUTE
    store.pass(149 * DAY)
    expect(await ring.find(id)).toBeDefined()
    store.pass(2 * DAY)
    expect(await ring.find(id)).toBeUndefined()
    expect((await ring.jwks()).keys.map(({ kid }) => kid)).not.toContain(id)
  })
})
