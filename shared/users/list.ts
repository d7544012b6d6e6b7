import type { UserNumber } from '../auth/principal.ts'
import { DomainError } from '../errors.ts'
import { readAll } from '../store/batch.ts'
import { readCounter } from '../store/numbers.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key, USERS } from '../table.ts'
import { parseListed, parseUser, type User } from './items.ts'
import { fold, foldSearch } from './names.ts'

export type UserPage = {
  /** Continue behind the user of this name, in whatever case; it need not exist. */
  readonly after?: string | undefined
  /** Users at most, 1 or more. */
  readonly limit: number
}

export type FoundUser = { readonly number: UserNumber; readonly name: string }
export type FoundUsers = {
  readonly users: readonly FoundUser[]
  /** `after` of the next page; `undefined` at the end. */
  readonly next: string | undefined
}
export type ListedUsers = {
  readonly users: readonly User[]
  readonly next: string | undefined
  /** Of all users, wherever the page is. */
  readonly total: number
}

/** A page of all users by name; one that is deleted meanwhile is left out. */
export const listUsers = async (store: Store, page: UserPage): Promise<ListedUsers> => {
  const [{ users, next }, { total }] = await Promise.all([
    searchUsers(store, '', page),
    readCounter(store, 'users'),
  ])
  const keys = users.map(({ number }) => key.user(number))
  const found = await readAll(store, keys, 'strong')
  return {
    users: keys.flatMap((one) => {
      const item = found.get(one)
      return item === undefined ? [] : [parseUser(item).user]
    }),
    next,
    total,
  }
}

/**
 * A page of the users whose name begins with a text, in whatever case, by name.
 * @throws DomainError BAD_REQUEST when the text, or `after`, cannot begin such a name
 */
export const searchUsers = async (
  store: Store,
  namePrefix: string,
  { after, limit }: UserPage,
): Promise<FoundUsers> => {
  const prefix = foldSearch(namePrefix)
  const behind = after === undefined || after === '' ? undefined : foldSearch(after)
  if (behind?.startsWith(prefix) === false) {
    throw new DomainError('BAD_REQUEST', 'the page begins outside of what is searched for')
  }
  const users: FoundUser[] = []
  const query = {
    pk: USERS,
    limit: limit + 1,
    read: 'strong',
    ...(prefix === '' ? {} : { sk: { prefix } }),
    ...(behind === undefined ? {} : { after: behind }),
  } as const
  for await (const items of pages(store, query)) {
    users.push(...items.map(parseListed))
    if (users.length > limit) break
  }
  const shown = users.slice(0, limit)
  const last = shown.at(-1)
  return {
    users: shown,
    next: users.length > limit && last !== undefined ? fold(last.name) : undefined,
  }
}
