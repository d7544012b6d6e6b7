import type { UserNumber } from '../auth/principal.ts'
import { DomainError } from '../errors.ts'
import { getItem } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key } from '../table.ts'
import { parseNumberItem, parseUser, type User, type UserWithPassword } from './items.ts'
import { fold, parseMail, toUserName } from './names.ts'

/** The user of a number; `undefined` when there is none any more, or never was. */
export const readUser = async (store: Store, number: UserNumber): Promise<User | undefined> =>
  (await readWithPassword(store, number))?.user

/** The user of a name, in whatever case it is written. */
export const findUserByName = async (store: Store, name: string): Promise<User | undefined> => {
  const number = await findNumber(store, name)
  return number === undefined ? undefined : await readUser(store, number)
}

/**
 * Whether a mail address is somebody's, in whatever case it is written.
 * @throws DomainError BAD_REQUEST for what is no mail address
 */
export const isMailTaken = async (store: Store, text: string): Promise<boolean> => {
  const mail = parseMail(text)
  if (mail === undefined) return false
  return (await getItem(store, key.userMail(fold(mail)), 'strong')) !== undefined
}

export const findNumber = async (store: Store, name: string): Promise<UserNumber | undefined> => {
  if (toUserName(name) === undefined) return undefined
  const item = await getItem(store, key.userName(fold(name)), 'strong')
  return item === undefined ? undefined : parseNumberItem(item)
}

export const readWithPassword = async (
  store: Store,
  number: UserNumber,
): Promise<UserWithPassword | undefined> => {
  const item = await getItem(store, key.user(number), 'strong')
  return item === undefined ? undefined : parseUser(item)
}

export const unknownUser = (number: UserNumber): DomainError =>
  new DomainError('NOT_FOUND', `there is no user ${number}`)
