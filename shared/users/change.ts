import type { UserNumber } from '../auth/principal.ts'
import { DomainError } from '../errors.ts'
import type { AttributeValue } from '../ports.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key } from '../table.ts'
import { isFirstAdmin } from './admin.ts'
import { readWithPassword, unknownUser } from './find.ts'
import { newMail, type User, type UserWithPassword } from './items.ts'
import { fold, parseMail, parseText } from './names.ts'

/** What is absent stays as it is; an empty mail address is none. */
export type ProfileChange = {
  readonly email?: string | undefined
  readonly realname?: string | undefined
  readonly comment?: string | undefined
}

type Change = {
  readonly set: Readonly<Record<string, AttributeValue>>
  /** `undefined` in it: none any more. */
  readonly email?: { readonly to: string | undefined }
}

/** @throws DomainError BAD_REQUEST, NOT_FOUND, or CONFLICT when the mail address is somebody else's */
export const updateProfile = async (
  store: Store,
  number: UserNumber,
  { email, realname, comment }: ProfileChange,
): Promise<User> => {
  const set = {
    ...(realname === undefined ? {} : { realname: parseText('a real name', realname) }),
    ...(comment === undefined ? {} : { comment: parseText('a comment', comment) }),
  }
  const change = email === undefined ? { set } : { set, email: { to: parseMail(email) } }
  return await changeUser(store, number, () => change)
}

/** @throws DomainError NOT_FOUND, or FORBIDDEN when the first administrator would be none any more */
export const setSysadmin = async (
  store: Store,
  number: UserNumber,
  isSysadmin: boolean,
): Promise<User> => {
  if (isFirstAdmin(number) && !isSysadmin) {
    throw new DomainError('FORBIDDEN', 'the first administrator stays one')
  }
  return await changeUser(store, number, () => ({ set: { isSysadmin } }))
}

/**
 * Changes a user as one, on whatever it is at that moment: `decide` is asked again when somebody else was faster.
 * @throws DomainError NOT_FOUND, CONFLICT when a mail address is taken, and whatever `decide` throws
 */
export const changeUser = async (
  store: Store,
  number: UserNumber,
  decide: (present: UserWithPassword) => Change | Promise<Change>,
): Promise<User> =>
  await retry(store, async () => {
    const present = await readWithPassword(store, number)
    if (present === undefined) throw unknownUser(number)
    const { set, email } = await decide(present)
    const { user } = present
    const to = email === undefined ? user.email : email.to
    const outcome = await transactNamed(store, {
      user: {
        op: 'update',
        key: key.user(number),
        set: {
          ...set,
          ...(to === undefined ? {} : { email: to }),
          updatedAt: store.clock.now(),
          version: store.ids.next(),
        },
        ...(to === undefined ? { remove: ['email'] } : {}),
        conditions: [{ kind: 'equals', name: 'version', value: user.version }],
      },
      ...mailChange(user, to),
    })
    if (!outcome.done && !outcome.refused.has('user')) {
      throw new DomainError('CONFLICT', 'the mail address is taken')
    }
    if (!outcome.done) return AGAIN
    const changed = await readWithPassword(store, number)
    if (changed === undefined) throw unknownUser(number)
    return changed.user
  })

/** Another spelling of the same address is no other address. */
const mailChange = ({ email, number }: User, to: string | undefined) => {
  const before = email === undefined ? undefined : fold(email)
  const after = to === undefined ? undefined : fold(to)
  if (before === after) return {}
  return {
    oldMail:
      before === undefined ? undefined : ({ op: 'delete', key: key.userMail(before) } as const),
    newMail: to === undefined ? undefined : newMail(to, number),
  }
}
