import { z } from '@hono/zod-openapi'
import type { ApiContext } from '../factory.ts'
import { pageOf, pagingOf, pagingQuery, setPageHeaders, type Paging } from './paging.ts'
import { matches, type Fields } from './query-match.ts'
import { parseQuery, type Query } from './query.ts'
import { comparatorOf, parseSort, type SortBy } from './sort.ts'

/** The query parameters of a list, to be extended by those of its own. */
export const listQuery = z.object({
  ...pagingQuery,
  q: z.string().optional().openapi({
    description: 'k=v, k=~v (contains), k=[from~to], k={one of these}, k=(all of these); commas',
  }),
  sort: z.string().optional().openapi({ description: 'Fields by commas; -field is descending' }),
})

export type ListRequest = {
  readonly paging: Paging
  readonly query: Query
  readonly sort: readonly SortBy[]
}

/**
 * What a client asks a list for.
 * @throws DomainError BAD_REQUEST
 */
export const listRequestOf = (query: z.output<typeof listQuery>): ListRequest => ({
  paging: pagingOf(query),
  query: parseQuery(query.q),
  sort: parseSort(query.sort),
})

/** The page of a whole list that a client asks for, filtered and sorted; sets the headers that go with it. */
export const listPage = <T>(
  c: ApiContext,
  items: readonly T[],
  { paging, query, sort }: ListRequest,
  fields: Fields<T>,
): T[] => {
  const found = items.filter((item) => matches(item, query, fields))
  if (sort.length > 0) found.sort(comparatorOf(sort, fields))
  setPageHeaders(c, paging, found.length)
  return pageOf(found, paging)
}
