import { assertPassword, hashPassword, verifyPassword } from '../auth/passwords.ts'
import type { UserNumber } from '../auth/principal.ts'
import { DomainError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { changeUser } from './change.ts'
import type { User } from './items.ts'

export type PasswordChange = {
  readonly oldPassword: string
  readonly newPassword: string
}

/**
 * Changes a password for whoever knows it.
 * @throws DomainError NOT_FOUND, FORBIDDEN when the old password is wrong, BAD_REQUEST when the new one is weak or the same
 */
export const changePassword = async (
  store: Store,
  number: UserNumber,
  { oldPassword, newPassword }: PasswordChange,
): Promise<User> => {
  assertPassword(newPassword)
  return await changeUser(store, number, async ({ passwordHash }) => {
    if (!(await verifyPassword(passwordHash, oldPassword))) {
      throw new DomainError('FORBIDDEN', 'the old password is not correct')
    }
    return await withPassword(store, passwordHash, newPassword)
  })
}

/**
 * Changes a password for an administrator, who need not know it.
 * @throws DomainError NOT_FOUND, BAD_REQUEST when the new password is weak or the same
 */
export const resetPassword = async (
  store: Store,
  number: UserNumber,
  newPassword: string,
): Promise<User> => {
  assertPassword(newPassword)
  return await changeUser(
    store,
    number,
    async ({ passwordHash }) => await withPassword(store, passwordHash, newPassword),
  )
}

const withPassword = async (store: Store, present: string, newPassword: string) => {
  if (await verifyPassword(present, newPassword)) {
    throw new DomainError('BAD_REQUEST', 'the new password must be another one')
  }
  return {
    set: {
      passwordHash: await hashPassword(newPassword, store.passwordCost),
      passwordChangedAt: store.clock.now(),
    },
  }
}
