import type { UserNumber } from '../auth/principal.ts'
import { readAll } from '../store/batch.ts'
import { readCounter } from '../store/numbers.ts'
import { takePage, type Listing, type Paging } from '../store/page.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key, USERS } from '../table.ts'
import { parseListed, parseUser, type User } from './items.ts'

export type FoundUser = { readonly number: UserNumber; readonly name: string }

export type UserOrder = {
  /** From the last name to the first. */
  readonly isDescending?: boolean | undefined
}

/** One page of all users by name; one that is deleted meanwhile is left out. */
export const listUsers = async (
  store: Store,
  query: UserOrder & Paging,
): Promise<Listing<User>> => {
  const { limit, skip = 0 } = query
  const [{ entries, more }, { total }] = await Promise.all([
    takePage(walk(store, query, skip + limit + 1), query),
    readCounter(store, 'users'),
  ])
  return { entries: await readUsers(store, entries), more, total }
}

/** Numbers and names of all users, by name: much less than all that is known of them. */
export const walkNames = (store: Store, order: UserOrder = {}): AsyncGenerator<FoundUser> =>
  walk(store, order, MOST_AT_ONCE)

/** All users, by name. */
export const walkUsers = async function* (
  store: Store,
  order: UserOrder = {},
): AsyncGenerator<User> {
  for await (const items of pages(store, namesQuery(order, MOST_AT_ONCE))) {
    yield* await readUsers(store, items.map(parseListed))
  }
}

/** Those of some users who are still there, in the same order. */
export const readUsers = async (
  store: Store,
  found: readonly FoundUser[],
): Promise<readonly User[]> => {
  const keys = found.map(({ number }) => key.user(number))
  const items = await readAll(store, keys, 'strong')
  return keys.flatMap((one) => {
    const item = items.get(one)
    return item === undefined ? [] : [parseUser(item).user]
  })
}

const MOST_AT_ONCE = 1_000

const walk = async function* (
  store: Store,
  order: UserOrder,
  atOnce: number,
): AsyncGenerator<FoundUser> {
  for await (const items of pages(store, namesQuery(order, atOnce))) yield* items.map(parseListed)
}

const namesQuery = ({ isDescending = false }: UserOrder, atOnce: number) =>
  ({
    pk: USERS,
    read: 'strong',
    limit: Math.min(atOnce, MOST_AT_ONCE),
    reverse: isDescending,
  }) as const
