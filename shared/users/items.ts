import * as z from 'zod'
import type { Principal, UserNumber } from '../auth/principal.ts'
import { DomainError } from '../errors.ts'
import type { Item } from '../ports.ts'
import type { Counter } from '../store/numbers.ts'
import { takeNumber } from '../store/numbers.ts'
import type { NamedOperations } from '../store/transact.ts'
import { key, SCHEMA_VERSION } from '../table.ts'
import { fold } from './names.ts'

/** Keys hold ten digits. */
const LAST_NUMBER = 9_999_999_999

/** A user as everybody but a login knows it. */
export type User = {
  readonly number: UserNumber
  readonly name: string
  readonly email: string | undefined
  readonly realname: string
  readonly comment: string
  readonly isSysadmin: boolean
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
  /** A session that began before this is over. */
  readonly passwordChangedAt: number
  /** Changes with every change, and is never the same again. */
  readonly version: string
}

/** A user with what a password is compared with; for logins only. */
export type UserWithPassword = { readonly user: User; readonly passwordHash: string }

const userItem = z.object({
  number: z.number(),
  name: z.string(),
  email: z.string().optional(),
  realname: z.string(),
  comment: z.string(),
  isSysadmin: z.boolean(),
  passwordHash: z.string(),
  passwordChangedAt: z.number(),
  createdAt: z.number(),
  updatedAt: z.number(),
  version: z.string(),
})
const numberItem = z.object({ number: z.number() })
const listedItem = z.object({ number: z.number(), name: z.string() })

/**
 * A number that could be a user's.
 * @throws DomainError BAD_REQUEST
 */
export const parseUserNumber = (value: number): UserNumber => {
  if (Number.isSafeInteger(value) && value >= 1 && value <= LAST_NUMBER) return value as UserNumber
  throw new DomainError('BAD_REQUEST', 'the id of a user is a whole number from 1')
}

export const parseUser = (item: Item): UserWithPassword => {
  const { passwordHash, number, email, ...rest } = userItem.parse(item)
  return { user: { ...rest, number: parseUserNumber(number), email }, passwordHash }
}

export const parseNumberItem = (item: Item): UserNumber =>
  parseUserNumber(numberItem.parse(item).number)

export const parseListed = (item: Item): { readonly number: UserNumber; readonly name: string } => {
  const { number, name } = listedItem.parse(item)
  return { number: parseUserNumber(number), name }
}

/** The user as whoever decides about its rights sees it. */
export const principalOf = ({ number, name, isSysadmin }: User): Principal & { kind: 'user' } => ({
  kind: 'user',
  number,
  name,
  isSysadmin,
})

const absent = [{ kind: 'absent' }] as const

/** Refuses by name: `number` when it is taken by now, `name` and `mail` when they are somebody else's. */
export const newUser = ({ user, passwordHash }: UserWithPassword, before: Counter) => {
  const { email, ...attributes } = user
  const lower = fold(user.name)
  return {
    number: takeNumber('users', before),
    user: {
      op: 'put',
      item: {
        ...key.user(user.number),
        v: SCHEMA_VERSION,
        ...attributes,
        ...(email === undefined ? {} : { email }),
        passwordHash,
      },
      conditions: absent,
    },
    name: {
      op: 'put',
      item: { ...key.userName(lower), v: SCHEMA_VERSION, number: user.number },
      conditions: absent,
    },
    mail: email === undefined ? undefined : newMail(email, user.number),
    listed: {
      op: 'put',
      item: { ...key.userListed(lower), v: SCHEMA_VERSION, number: user.number, name: user.name },
    },
  } as const satisfies NamedOperations
}

/** Refused when the address is somebody else's. */
export const newMail = (email: string, number: UserNumber) =>
  ({
    op: 'put',
    item: { ...key.userMail(fold(email)), v: SCHEMA_VERSION, number },
    conditions: absent,
  }) as const
