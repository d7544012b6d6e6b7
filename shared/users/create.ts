import { assertPassword, hashPassword } from '../auth/passwords.ts'
import { DomainError } from '../errors.ts'
import { readCounter, type Counter } from '../store/numbers.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { findUserByName } from './find.ts'
import { newUser, parseUserNumber, type User, type UserWithPassword } from './items.ts'
import { parseMail, parseText, parseUserName } from './names.ts'

export type NewUser = {
  readonly name: string
  readonly password: string
  /** Absent or empty: none. */
  readonly email?: string | undefined
  readonly realname?: string | undefined
  readonly comment?: string | undefined
  readonly isSysadmin?: boolean | undefined
}

/**
 * Makes a user with a number that nobody had before.
 * @throws DomainError BAD_REQUEST, or CONFLICT when the name or the mail address is somebody else's
 */
export const createUser = async (store: Store, wanted: NewUser): Promise<User> => {
  const make = await prepareUser(store, wanted)
  return await retry(store, async () => {
    const before = await readCounter(store, 'users')
    const made = make(before)
    const outcome = await transactNamed(store, newUser(made, before))
    if (outcome.done) return made.user
    if (outcome.refused.has('name') || outcome.refused.has('mail')) {
      // An attempt of ours whose answer was lost may have been the one that took them.
      const present = await findUserByName(store, made.user.name)
      if (present?.version === made.user.version) return present
      const what = outcome.refused.has('name') ? 'user name' : 'mail address'
      throw new DomainError('CONFLICT', `the ${what} is taken`)
    }
    return AGAIN
  })
}

/** Checks all that can be checked beforehand; what is answered makes the user of the number behind a counter. */
export const prepareUser = async (
  store: Store,
  wanted: NewUser,
): Promise<(before: Counter) => UserWithPassword> => {
  const { password, isSysadmin = false } = wanted
  const name = parseUserName(wanted.name)
  const email = parseMail(wanted.email ?? '')
  const realname = parseText('a real name', wanted.realname ?? '')
  const comment = parseText('a comment', wanted.comment ?? '')
  assertPassword(password)
  const passwordHash = await hashPassword(password, store.passwordCost)
  const now = store.clock.now()
  const version = store.ids.next()
  const times = { createdAt: now, updatedAt: now, passwordChangedAt: now }
  return ({ last }) => ({
    user: {
      number: parseUserNumber(last + 1),
      name,
      email,
      realname,
      comment,
      isSysadmin,
      ...times,
      version,
    },
    passwordHash,
  })
}
