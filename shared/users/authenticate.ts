import { beginAttempt } from '../auth/lockout.ts'
import { verifyNobody, verifyPassword } from '../auth/passwords.ts'
import type { Principal, UserNumber } from '../auth/principal.ts'
import type { Store } from '../store/store.ts'
import { findNumber, readWithPassword } from './find.ts'
import { parseUserNumber, principalOf } from './items.ts'

export type Login = {
  /** The user name, in whatever case. */
  readonly login: string
  readonly password: string
  /** Of the client, as far as it can be trusted. */
  readonly address: string
}

/** A number that no user ever has: reading it costs what reading a user costs. */
const NOBODY: UserNumber = parseUserNumber(9_999_999_999)

/**
 * Who logs in by name and password; `undefined` when that is nobody, or when this name failed too often from this
 * address. How long it takes does not tell whether there is such a user.
 */
export const authenticate = async (
  store: Store,
  { login, password, address }: Login,
): Promise<(Principal & { kind: 'user' }) | undefined> => {
  const attempt = await beginAttempt(store, { login, address })
  if (attempt === undefined) return undefined
  const number = await findNumber(store, login)
  const known = await readWithPassword(store, number ?? NOBODY)
  const isRight =
    known === undefined
      ? await verifyNobody(password, store.passwordCost)
      : await verifyPassword(known.passwordHash, password)
  if (known === undefined || !isRight) {
    await attempt.failed()
    return undefined
  }
  await attempt.succeeded()
  return principalOf(known.user)
}
