import { hasEveryKind, randomText } from '../auth/passwords.ts'
import type { UserNumber } from '../auth/principal.ts'
import { readCounter } from '../store/numbers.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { prepareUser } from './create.ts'
import { newUser } from './items.ts'

export const ADMIN_NAME = 'admin'
/** The first user; it cannot be deleted, and stays an administrator. */
const ADMIN_NUMBER = 1
const PASSWORD_CHARACTERS = 20
/** Without those that are taken for one another. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789'

export const isFirstAdmin = (number: UserNumber): boolean => Number(number) === ADMIN_NUMBER

/**
 * Makes the administrator when there never was a user, with the password given or a random one, which is answered. Of
 * processes that start at once one makes it, and only that one answers. Where the password must be fetched, that is done
 * only when it is wanted.
 * @throws DomainError BAD_REQUEST when the password given is too weak to be used
 */
export const ensureAdmin = async (
  store: Store,
  password: string | (() => Promise<string>) | undefined,
): Promise<string | undefined> => {
  const before = await readCounter(store, 'users')
  if (before.last > 0) return undefined
  const used = typeof password === 'function' ? await password() : (password ?? randomPassword())
  const make = await prepareUser(store, { name: ADMIN_NAME, password: used, isSysadmin: true })
  // Refused: another process was faster, and its password is the one that counts.
  const outcome = await transactNamed(store, newUser(make(before), before))
  return outcome.done && password === undefined ? used : undefined
}

/** One character of each kind at least, in places that nobody can foresee. */
const randomPassword = (): string => {
  for (;;) {
    const password = randomText(ALPHABET, PASSWORD_CHARACTERS)
    if (hasEveryKind(password)) return password
  }
}
