import type { ApiContext } from '../factory.ts'
import { MAX_INTEGER, wholeNumber } from './schemas.ts'

const DEFAULT_PAGE_SIZE = 10
const MAX_PAGE_SIZE = 100

/** The query parameters of every list, for its schema. */
export const pagingQuery = {
  page: wholeNumber({ min: 0, max: MAX_INTEGER }).optional(),
  page_size: wholeNumber({ min: 0, max: MAX_PAGE_SIZE }).optional(),
} as const

/** Which part of a list a client asks for. */
export type Paging = {
  /** From 1. */
  readonly page: number
  readonly pageSize: number
  /** How many entries come before the page. */
  readonly offset: number
}

type PagingQuery = { readonly page?: number | undefined; readonly page_size?: number | undefined }

/** Reads the page that is asked for; absent and 0, which clients of Harbor send, mean the default. */
export const pagingOf = (query: PagingQuery): Paging => {
  const page = orDefault(query.page, 1)
  const pageSize = orDefault(query.page_size, DEFAULT_PAGE_SIZE)
  return { page, pageSize, offset: (page - 1) * pageSize }
}

const orDefault = (value: number | undefined, byDefault: number): number =>
  value === undefined || value === 0 ? byDefault : value

/** The page of a list that is there as a whole; empty beyond its end. */
export const pageOf = <T>(items: readonly T[], { offset, pageSize }: Paging): T[] =>
  items.slice(offset, offset + pageSize)

/** Says how many entries there are on all pages, and where the page before and the next are. */
export const setPageHeaders = (c: ApiContext, paging: Paging, total: number): void => {
  c.header('X-Total-Count', String(total))
  const links = linksOf(new URL(c.req.url), paging, total)
  if (links.length > 0) c.header('Link', links.join(', '))
}

/** RFC 8288, relative to the server. Beyond the end there is neither, as with Harbor. */
const linksOf = (
  url: URL,
  { page, pageSize, offset }: Paging,
  total: number,
): readonly string[] => {
  const link = (to: number, rel: string): string => {
    const query = new URLSearchParams(url.searchParams)
    query.set('page', String(to))
    query.set('page_size', String(pageSize))
    return `<${url.pathname}?${query.toString()}>; rel="${rel}"`
  }
  return [
    ...(page > 1 && offset < total ? [link(page - 1, 'prev')] : []),
    ...(offset + pageSize < total ? [link(page + 1, 'next')] : []),
  ]
}
