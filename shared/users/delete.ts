import { beside } from '../audit/carry.ts'
import type { UserNumber } from '../auth/principal.ts'
import { DomainError } from '../errors.ts'
import { removeMembershipsOfUser } from '../projects/change-member.ts'
import { count } from '../store/numbers.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key } from '../table.ts'
import { isFirstAdmin } from './admin.ts'
import { readUser, unknownUser } from './find.ts'
import { fold } from './names.ts'
import { deleteTokens } from './tokens.ts'

/**
 * Removes a user with its personal tokens and memberships; its name and mail address are free, its number is not. When
 * it was interrupted, doing it again removes what is left, and until then that gives nobody any right.
 * @throws DomainError NOT_FOUND, or FORBIDDEN for the first administrator
 */
export const deleteUser = async (store: Store, number: UserNumber): Promise<void> => {
  if (isFirstAdmin(number)) {
    throw new DomainError('FORBIDDEN', 'the first administrator cannot be deleted')
  }
  const isDeleted = await retry(store, async () => await removeUser(store, number))
  // Behind the user, so that no new ones can be made; without it they are worth nothing any more.
  await deleteTokens(beside(store), number)
  await removeMembershipsOfUser(beside(store), number)
  if (!isDeleted) throw unknownUser(number)
}

const removeUser = async (store: Store, number: UserNumber): Promise<boolean | typeof AGAIN> => {
  const user = await readUser(store, number)
  if (user === undefined) return false
  const lower = fold(user.name)
  const outcome = await transactNamed(store, {
    user: {
      op: 'delete',
      key: key.user(number),
      conditions: [{ kind: 'equals', name: 'version', value: user.version }],
    },
    name: { op: 'delete', key: key.userName(lower) },
    mail:
      user.email === undefined ? undefined : { op: 'delete', key: key.userMail(fold(user.email)) },
    listed: { op: 'delete', key: key.userListed(lower) },
    counter: count('users', -1),
  })
  return outcome.done ? true : AGAIN
}
