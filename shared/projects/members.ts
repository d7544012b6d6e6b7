import { DomainError } from '../errors.ts'
import { readCounter } from '../store/numbers.ts'
import { getItem, pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key, prefix, type ProjectId } from '../table.ts'
import { parseMember, type Member } from './member.ts'
import { takePage, type Listing, type Paging } from '../store/page.ts'

/** One page of a project's members, in the order of their numbers. */
export const listMembers = async (
  store: Store,
  pid: ProjectId,
  paging: Paging & {
    /** Continue behind this number. */
    readonly after?: number | undefined
  },
): Promise<Listing<Member>> => {
  const [counter, page] = await Promise.all([
    readCounter(store, `members#${pid}`),
    takePage(walkMembers(store, pid, paging), paging),
  ])
  return { ...page, total: counter.total }
}

const MOST_AT_ONCE = 1_000

/**
 * A member by its number.
 * @throws DomainError NOT_FOUND
 */
export const readMember = async (store: Store, pid: ProjectId, number: number): Promise<Member> => {
  const item = await getItem(store, key.member(pid, number), 'strong')
  if (item === undefined) throw new DomainError('NOT_FOUND', `no member ${number} of the project`)
  return parseMember(item)
}

/** All members of a project, in the order of their numbers; as many at a time as one page of them takes. */
export const walkMembers = async function* (
  store: Store,
  pid: ProjectId,
  { limit, skip = 0, after }: Partial<Paging> & { readonly after?: number | undefined } = {},
): AsyncGenerator<Member> {
  const query = {
    pk: key.project(pid).pk,
    sk: { prefix: prefix.members },
    read: 'strong',
    ...(limit === undefined ? {} : { limit: Math.min(skip + limit + 1, MOST_AT_ONCE) }),
    ...(after === undefined ? {} : { after: key.member(pid, after).sk }),
  } as const
  for await (const items of pages(store, query)) yield* items.map(parseMember)
}
