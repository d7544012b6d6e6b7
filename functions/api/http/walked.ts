import { DomainError } from '../../../shared/errors.ts'
import type { ApiContext } from '../factory.ts'
import type { ListRequest } from './listing.ts'
import { pageOf, setPageHeaders } from './paging.ts'
import { matches, type Fields } from './query-match.ts'
import { comparatorOf } from './sort.ts'

/** What one request looks at: some tens of calls to the store. */
const MOST_WALKED = 100_000

/**
 * The page of a list that a client asks for by what no key serves: everything is looked at, and without a `sort` only
 * the page is kept. Sets the headers that go with it.
 * @throws DomainError BAD_REQUEST for a list that is too long for that
 */
export const walkedPage = async <T>(
  c: ApiContext,
  walk: AsyncIterable<T>,
  { paging, query, sort }: ListRequest,
  fields: Fields<T>,
): Promise<T[]> => {
  const { offset, pageSize } = paging
  const isSorted = sort.length > 0
  const kept: T[] = []
  let walked = 0
  let found = 0
  for await (const item of walk) {
    walked += 1
    if (walked > MOST_WALKED) throw tooLong()
    if (!matches(item, query, fields)) continue
    if (isSorted || (found >= offset && found < offset + pageSize)) kept.push(item)
    found += 1
  }
  setPageHeaders(c, paging, found)
  return isSorted ? pageOf(kept.sort(comparatorOf(sort, fields)), paging) : kept
}

const tooLong = (): DomainError =>
  new DomainError(
    'BAD_REQUEST',
    `more than ${MOST_WALKED} entries would have to be looked at; ask without q, sort and filters`,
  )
