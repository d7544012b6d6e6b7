/**
 * The keys that sign tokens. They live in the table, so every process signs and verifies with the same ones; each keeps
 * them in memory, so a token is verified without asking anybody.
 */
import { exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose'
import * as z from 'zod'
import type { Item } from '../ports.ts'
import { queryAll } from '../store/query.ts'
import { retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { key, SCHEMA_VERSION, SIGNING_KEYS } from '../table.ts'

export const ALGORITHM = 'ES256'

const DAY_MS = 24 * 60 * 60 * 1000
/** A key signs for so long. */
const ROTATE_AFTER_MS = 30 * DAY_MS
/** And verifies for so long: far beyond the life of the last token that it signed. */
const DROP_AFTER_MS = 150 * DAY_MS
/** A new key signs only when every process has had the time to read it. */
const PUBLISH_MS = 2 * 60 * 1000
const REFRESH_MS = 60 * 1000
/** A key is believed for so long without another look: whoever deletes one that was stolen waits no longer. */
const BELIEVED_MS = 5 * 60 * 1000
/** However many tokens of unknown keys come, the table is asked only so often. */
const UNKNOWN_KEY_MS = 5 * 1000

type SigningKey = {
  readonly id: string
  readonly createdAt: number
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly publicJwk: JWK
}

export type KeyRing = {
  /** The key to sign with now. */
  readonly current: () => Promise<Pick<SigningKey, 'id' | 'privateKey'>>
  /**
   * The key to verify with; `undefined`: no such key, or not any more. The table is looked at beside requests once a
   * minute; one has to wait for that only when nobody has looked for five.
   */
  readonly find: (id: string) => Promise<CryptoKey | undefined>
  /** What verifiers elsewhere need: a JWK set (RFC 7517), without anything secret. */
  readonly jwks: () => Promise<{ readonly keys: readonly JWK[] }>
}

const keyItem = z.object({
  sk: z.string(),
  kid: z.string(),
  createdAt: z.number(),
  privateJwk: z.string(),
})
const ecJwk = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  d: z.string(),
})

export const createKeyRing = (store: Store): KeyRing => {
  let keys: readonly SigningKey[] = []
  let readAt = -Infinity
  let reading: Promise<void> | undefined

  const read = async (): Promise<void> => {
    const now = store.clock.now()
    const items = await queryAll(store, { pk: SIGNING_KEYS, read: 'strong' })
    const known = new Map(keys.map((one) => [one.id, one]))
    const current = items.filter((item) => keyItem.parse(item).createdAt > now - DROP_AFTER_MS)
    const found = await Promise.all(
      current.map(async (item) => known.get(idOf(item)) ?? (await open(item))),
    )
    const newest = found.at(-1)
    if (newest === undefined || newest.createdAt < now - ROTATE_AFTER_MS) {
      const item = await make(store)
      await put(store, item)
      found.push(await open(item))
    }
    // Only now: whoever comes while the first key is being made has to wait for it, too.
    keys = found
    readAt = now
  }

  const refresh = async (ageMs: number): Promise<void> => {
    if (store.clock.now() - readAt < ageMs) return
    reading ??= read().finally(() => {
      reading = undefined
    })
    await reading
  }

  return {
    current: async () => {
      await refresh(REFRESH_MS)
      const published = keys.findLast(
        ({ createdAt }) => createdAt <= store.clock.now() - PUBLISH_MS,
      )
      // The very first one cannot wait for itself.
      const found = published ?? keys[0]
      if (found === undefined) throw new Error('there is no key to sign with')
      return found
    },
    find: async (id) => {
      const known = keys.find((one) => one.id === id)
      if (known !== undefined && store.clock.now() - readAt < BELIEVED_MS) {
        // What fails here is tried again with the next token, and told of when the time is over.
        void refresh(REFRESH_MS).catch(() => undefined)
        return known.publicKey
      }
      await refresh(UNKNOWN_KEY_MS)
      return keys.find((one) => one.id === id)?.publicKey
    },
    jwks: async () => {
      await refresh(REFRESH_MS)
      return { keys: keys.map(({ publicJwk }) => publicJwk) }
    },
  }
}

const idOf = (item: Item): string => keyItem.parse(item).kid

const make = async (store: Store): Promise<Item> => {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true })
  const kid = store.ids.next()
  const createdAt = store.clock.now()
  return {
    ...key.signingKey(createdAt, kid),
    v: SCHEMA_VERSION,
    kid,
    createdAt,
    privateJwk: JSON.stringify(await exportJWK(privateKey)),
  }
}

const put = async (store: Store, item: Item): Promise<void> => {
  await retry(store, async () => await store.kv.write({ op: 'put', item }))
}

const open = async (item: Item): Promise<SigningKey> => {
  const { kid, createdAt, privateJwk } = keyItem.parse(item)
  const { d, ...publicPart } = ecJwk.parse(JSON.parse(privateJwk))
  const publicJwk: JWK = { ...publicPart, kid, alg: ALGORITHM, use: 'sig' }
  return {
    id: kid,
    createdAt,
    publicJwk,
    privateKey: await importKey({ ...publicPart, d }),
    publicKey: await importKey(publicJwk),
  }
}

const importKey = async (jwk: JWK): Promise<CryptoKey> => {
  const imported = await importJWK(jwk, ALGORITHM)
  if (imported instanceof Uint8Array) throw new Error('a signing key is not of an elliptic curve')
  return imported
}
