import { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import type { AddRoutes } from '../../../functions/api/app.ts'
import { listPage, listQuery, listRequestOf } from '../../../functions/api/http/listing.ts'
import type { Fields } from '../../../functions/api/http/query-match.ts'
import { jsonPage } from '../../../functions/api/http/schemas.ts'
import { route } from '../../../functions/api/route.ts'
import { createTestApi } from './support.ts'

type Thing = { readonly id: number; readonly name: string }

const THINGS: readonly Thing[] = Array.from({ length: 25 }, (_, index) => ({
  id: index + 1,
  name: `thing-${String.fromCharCode(97 + index)}`,
}))

const fields: Fields<Thing> = { id: ({ id }) => id, name: ({ name }) => name }

const things: AddRoutes = (api) => {
  route(
    api,
    {
      method: 'get',
      path: '/things',
      request: { query: listQuery.extend({ other: z.string().optional() }) },
      responses: {
        200: jsonPage(z.object({ id: z.number(), name: z.string() }), 'The things'),
      },
    },
    'everyone',
    (c) => c.json(listPage(c, THINGS, listRequestOf(c.req.valid('query')), fields), 200),
  )
}

const ask = async (query: string) => {
  const response = await createTestApi([things]).get(`/things${query}`)
  if (response.status !== 200) return String(response.status)
  const items = z.array(z.object({ id: z.number() })).parse(await response.json())
  return {
    ids: items.map(({ id }) => id),
    total: response.headers.get('X-Total-Count'),
    link: response.headers.get('Link'),
  }
}

const PATH = '/api/v2.0/things'
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe('a page', () => {
  it.each([
    ['', range(1, 10), `<${PATH}?page=2&page_size=10>; rel="next"`],
    ['?page=0&page_size=0', range(1, 10), `<${PATH}?page=2&page_size=10>; rel="next"`],
    ['?page=&page_size=', range(1, 10), `<${PATH}?page=2&page_size=10>; rel="next"`],
    [
      '?page=2&other=a%26b&page_size=5',
      range(6, 10),
      `<${PATH}?page=1&other=a%26b&page_size=5>; rel="prev", <${PATH}?page=3&other=a%26b&page_size=5>; rel="next"`,
    ],
    ['?page=3', range(21, 25), `<${PATH}?page=2&page_size=10>; rel="prev"`],
    ['?page=5&page_size=5', range(21, 25), `<${PATH}?page=4&page_size=5>; rel="prev"`],
    ['?page=4', [], null],
    ['?page=2147483647&page_size=100', [], null],
    ['?page_size=100', range(1, 25), null],
  ])('of %s says where the others are', async (query, ids, link) => {
    expect(await ask(query)).toEqual({ ids, total: '25', link })
  })

  it.each(['page_size=101', 'page=-1', 'page=x', 'page=1.5', 'page=0x1', 'page=9999999999'])(
    'is not made for %s',
    async (query) => {
      expect(await ask(`?${query}`)).toBe('422')
    },
  )

  it('counts what the query finds, and keeps it in the links', async () => {
    // As two of Harbor's clients write `id=[3~20]`.
    const q = 'id%253D%255B3%7E20%255D'
    expect(await ask(`?q=${q}&page=2&page_size=4&sort=-name`)).toEqual({
      ids: [16, 15, 14, 13],
      total: '18',
      link: [
        `<${PATH}?q=${q}&page=1&page_size=4&sort=-name>; rel="prev"`,
        `<${PATH}?q=${q}&page=3&page_size=4&sort=-name>; rel="next"`,
      ].join(', '),
    })
  })

  it('is refused for a query that is none', async () => {
    expect(await ask('?q=name')).toBe('400')
  })

  it('leads to all pages and ends', async () => {
    const seen: number[] = []
    let query: string | undefined = '?page_size=7'
    while (query !== undefined) {
      const answer = await ask(query)
      if (typeof answer === 'string') throw new Error(answer)
      seen.push(...answer.ids)
      query = /<[^?>]*(\?[^>]*)>; rel="next"/.exec(answer.link ?? '')?.[1]
    }
    expect(seen).toEqual(range(1, 25))
  })
})
