import { randomBytes, timingSafeEqual } from 'node:crypto'
import { isProjectPermission } from '../auth/permissions.ts'
import type { Principal, UserNumber } from '../auth/principal.ts'
import { DomainError } from '../errors.ts'
import { PortError } from '../ports.ts'
import { readAll } from '../store/batch.ts'
import { getItem, pages, queryAll } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { transact, transactNamed } from '../store/transact.ts'
import { key, prefix } from '../table.ts'
import { readUser, unknownUser } from './find.ts'
import { principalOf } from './items.ts'
import { parseText } from './names.ts'
import {
  hashSecret,
  itemsOfToken,
  parseToken,
  parseTokenText,
  tokenText,
  type StoredToken,
  type TokenScope,
  type UserToken,
} from './token-items.ts'

export { parseTokenText, type TokenScope, type UserToken } from './token-items.ts'

const ID_CHARACTERS = 20
const SECRET_BYTES = 32
/** Keeps the list of a user's tokens one that can be shown whole. */
const MAX_TOKENS = 500
const HOUR_MS = 60 * 60_000
/** Year 9999: behind it are dates that cannot be written. */
const LAST_EXPIRY = 253_402_300_799_999

export type NewToken = {
  readonly name: string
  /** All that the user may, or project permissions such as `repository:pull`. */
  readonly scope: 'all' | readonly string[]
  /** Milliseconds since the epoch; absent: never. */
  readonly expiresAt?: number | undefined
}

/** Who a token speaks for, and how far. */
export type TokenLogin = {
  readonly principal: Principal & { readonly kind: 'user' }
  readonly tokenId: string
  readonly scope: TokenScope
}

/**
 * Makes a token; its text is answered this once and cannot be had again.
 * @throws DomainError BAD_REQUEST, NOT_FOUND for an unknown user, PRECONDITION when the user has too many
 */
export const createToken = async (
  store: Store,
  user: UserNumber,
  wanted: NewToken,
): Promise<{ readonly token: UserToken; readonly text: string }> => {
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  const token = newToken(store, user, wanted)
  if ((await idsOf(store, user)).length >= MAX_TOKENS) {
    throw new DomainError('PRECONDITION', `a user has at most ${MAX_TOKENS} tokens; revoke some`)
  }
  const [byId, listed] = itemsOfToken({ token, secretHash: hashSecret(secret) })
  const outcome = await transactNamed(store, {
    user: { op: 'check', key: key.user(user), conditions: [{ kind: 'exists' }] },
    byId: { op: 'put', item: byId },
    listed: { op: 'put', item: listed },
  })
  if (!outcome.done) throw unknownUser(user)
  return { token, text: tokenText(token.id, secret) }
}

/** All tokens of a user, the newest first; expired ones are shown for some time. */
export const listTokens = async (store: Store, user: UserNumber): Promise<readonly UserToken[]> => {
  const keys = (await idsOf(store, user)).map((id) => key.token(id))
  const found = await readAll(store, keys, 'strong')
  return keys
    .flatMap((one) => {
      const item = found.get(one)
      return item === undefined ? [] : [parseToken(item).token]
    })
    .sort((left, right) => right.createdAt - left.createdAt)
}

/**
 * Makes a token worthless from the moment it answers.
 * @throws DomainError NOT_FOUND when the user has no such token
 */
export const revokeToken = async (store: Store, user: UserNumber, id: string): Promise<void> => {
  const listed = TOKEN_ID.test(id) ? key.tokenOfUser(user, id) : undefined
  const outcome =
    listed !== undefined &&
    (await transactNamed(store, {
      listed: { op: 'delete', key: listed, conditions: [{ kind: 'exists' }] },
      byId: { op: 'delete', key: key.token(id) },
    }))
  if (outcome === false || !outcome.done) throw unknownToken()
}

/**
 * One token of a user, if only an expired one.
 * @throws DomainError NOT_FOUND
 */
export const readToken = async (store: Store, user: UserNumber, id: string): Promise<UserToken> => {
  const item = TOKEN_ID.test(id) ? await getItem(store, key.token(id), 'strong') : undefined
  const token = item === undefined ? undefined : parseToken(item).token
  if (token?.user !== user) throw unknownToken()
  return token
}

const unknownToken = (): DomainError => new DomainError('NOT_FOUND', 'no such token')

const TOKEN_ID = /^[a-z2-7]{20}$/

/** Who a token speaks for; `undefined` when it is unknown, expired or revoked, or its user is gone. */
export const authenticateToken = async (
  store: Store,
  text: string,
): Promise<TokenLogin | undefined> => {
  const parsed = parseTokenText(text)
  if (parsed === undefined) return undefined
  const found = await readTokenLogin(store, parsed.id)
  if (found === undefined) return undefined
  const isRight = timingSafeEqual(
    Buffer.from(hashSecret(parsed.secret)),
    Buffer.from(found.secretHash),
  )
  if (!isRight) return undefined
  await recordTokenUse(store, found)
  return { principal: found.principal, tokenId: parsed.id, scope: found.token.scope }
}

/** A token that is good, by its id, and who it speaks for; `undefined` as above. */
export const readTokenLogin = async (
  store: Store,
  id: string,
): Promise<(StoredToken & Pick<TokenLogin, 'principal'>) | undefined> => {
  const item = await getItem(store, key.token(id), 'strong')
  if (item === undefined) return undefined
  const stored = parseToken(item)
  const { expiresAt, user: owner } = stored.token
  if (expiresAt !== undefined && expiresAt <= store.clock.now()) return undefined
  const user = await readUser(store, owner)
  return user && { ...stored, principal: narrowed(principalOf(user), stored.token.scope) }
}

/** Removes every token of a user, as many as there are. */
export const deleteTokens = async (store: Store, user: UserNumber): Promise<void> => {
  for await (const items of pages(store, { ...tokensOf(user), limit: TOKENS_PER_TRANSACTION })) {
    if (items.length === 0) continue
    const ids = items.map(({ sk }) => sk.slice(prefix.tokensOfUser.length))
    const keys = ids.flatMap((id) => [key.token(id), key.tokenOfUser(user, id)])
    await transact(
      store,
      keys.map((one) => ({ op: 'delete', key: one })),
    )
  }
}

/** Two items each, and a transaction has at most 100. */
const TOKENS_PER_TRANSACTION = 40

/** Without the right to everything, where the token does not give that: whoever asks for it directly is told so. */
const narrowed = (user: TokenLogin['principal'], scope: TokenScope): TokenLogin['principal'] => ({
  ...user,
  isSysadmin: user.isSysadmin && scope === 'all',
  token: { only: scope === 'all' ? undefined : new Set(scope), isOfSysadmin: user.isSysadmin },
})

const newToken = (store: Store, user: UserNumber, wanted: NewToken): UserToken => {
  const { scope, expiresAt } = wanted
  const now = store.clock.now()
  const name = parseText('the name of a token', wanted.name.trim())
  if (name === '') throw new DomainError('BAD_REQUEST', 'a token needs a name')
  const isTime = expiresAt === undefined || Number.isSafeInteger(expiresAt)
  if (!isTime || (expiresAt !== undefined && (expiresAt <= now || expiresAt > LAST_EXPIRY))) {
    throw new DomainError('BAD_REQUEST', 'a token expires in the future, or never')
  }
  const id = store.ids.next().slice(0, ID_CHARACTERS)
  return {
    id,
    user,
    name,
    scope: checkScope(scope),
    createdAt: now,
    expiresAt,
    lastUsedAt: undefined,
  }
}

const checkScope = (scope: NewToken['scope']): TokenScope => {
  if (scope === 'all') return scope
  const known = [...new Set(scope)].filter(isProjectPermission)
  if (known.length > 0 && scope.every(isProjectPermission)) return known
  throw new DomainError('BAD_REQUEST', 'the scope of a token is made of project permissions')
}

const tokensOf = (user: UserNumber) =>
  ({
    pk: key.user(user).pk,
    sk: { prefix: prefix.tokensOfUser },
    keysOnly: true,
    read: 'strong',
  }) as const

const idsOf = async (store: Store, user: UserNumber): Promise<readonly string[]> =>
  (await queryAll(store, tokensOf(user))).map(({ sk }) => sk.slice(prefix.tokensOfUser.length))

/** Notes that a token is in use, once an hour at most; a login does not fail because this cannot be written. */
export const recordTokenUse = async (
  store: Store,
  { token, secretHash }: StoredToken,
): Promise<void> => {
  const now = store.clock.now()
  if (token.lastUsedAt !== undefined && now - token.lastUsedAt < HOUR_MS) return
  try {
    await store.kv.write({
      op: 'update',
      key: key.token(token.id),
      set: { lastUsedAt: now },
      // It may have been revoked meanwhile, and must not come back.
      conditions: [{ kind: 'equals', name: 'secretHash', value: secretHash }],
    })
  } catch (error) {
    if (!(error instanceof PortError)) throw error
  }
}
