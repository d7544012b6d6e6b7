import { createHash } from 'node:crypto'
import * as z from 'zod'
import { isProjectPermission, type ProjectPermission } from '../auth/permissions.ts'
import type { UserNumber } from '../auth/principal.ts'
import type { Item } from '../ports.ts'
import { key, SCHEMA_VERSION, TTL_ATTRIBUTE } from '../table.ts'
import { parseUserNumber } from './items.ts'

/** What a token may at most: all that its user may, or of that only some in projects. */
export type TokenScope = 'all' | readonly ProjectPermission[]

/** A personal access token, without the secret that makes it one. */
export type UserToken = {
  readonly id: string
  readonly user: UserNumber
  readonly name: string
  readonly scope: TokenScope
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAt: number
  /** `undefined`: never. */
  readonly expiresAt: number | undefined
  /** To the hour; `undefined`: never used. */
  readonly lastUsedAt: number | undefined
}

export type StoredToken = { readonly token: UserToken; readonly secretHash: string }

const TEXT = /^rst_([a-z2-7]{20})_([A-Za-z0-9_-]{43})$/
/** Who looks for the reason why a job fails finds its token in the list for this long. */
const SHOWN_AFTER_EXPIRY_MS = 30 * 24 * 60 * 60_000

const tokenItem = z.object({
  id: z.string(),
  user: z.number(),
  name: z.string(),
  scope: z.string(),
  createdAt: z.number(),
  expiresAt: z.number().optional(),
  lastUsedAt: z.number().optional(),
  secretHash: z.string(),
})

/** What a token's text consists of; `undefined` for any other text. */
export const parseTokenText = (
  text: string,
): { readonly id: string; readonly secret: string } | undefined => {
  const [, id, secret] = TEXT.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

export const tokenText = (id: string, secret: string): string => `rst_${id}_${secret}`

/** 256 random bits need no slow hash: nobody guesses them. */
export const hashSecret = (secret: string): string =>
  createHash('sha256').update(secret).digest('hex')

export const parseToken = (item: Item): StoredToken => {
  const { secretHash, user, scope, expiresAt, lastUsedAt, ...rest } = tokenItem.parse(item)
  return {
    token: {
      ...rest,
      user: parseUserNumber(user),
      scope: parseScope(scope),
      expiresAt,
      lastUsedAt,
    },
    secretHash,
  }
}

/** A permission that is not known any more is none. */
const parseScope = (text: string): TokenScope =>
  text === 'all' ? text : text.split(',').filter(isProjectPermission)

/** The two items of a token, by its id and in the list of its user. */
export const itemsOfToken = ({ token, secretHash }: StoredToken): readonly [Item, Item] => {
  const { id, user, name, scope, createdAt, expiresAt } = token
  const expiry =
    expiresAt === undefined
      ? {}
      : { [TTL_ATTRIBUTE]: Math.ceil((expiresAt + SHOWN_AFTER_EXPIRY_MS) / 1_000) }
  return [
    {
      ...key.token(id),
      v: SCHEMA_VERSION,
      ...expiry,
      ...(expiresAt === undefined ? {} : { expiresAt }),
      id,
      user,
      name,
      scope: scope === 'all' ? scope : scope.join(','),
      createdAt,
      secretHash,
    },
    { ...key.tokenOfUser(user, id), v: SCHEMA_VERSION, ...expiry, id },
  ]
}
