import { z } from '@hono/zod-openapi'
import type { ApiDeps } from '../../deps.ts'
import { docsPage, DOCS_POLICY, parseDescription } from '../../docs/page.ts'
import type { Api } from '../../factory.ts'
import { route } from '../../route.ts'

/** The description of all routes of the API, for programs and for people; made when first asked for. */
export const addDocs = (api: Api, { version }: ApiDeps['info'], basePath: string): void => {
  api.openAPIRegistry.registerComponent('securitySchemes', 'basic', {
    type: 'http',
    scheme: 'basic',
  })
  const describe = once(() =>
    api.getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: 'Roadstead API', version },
      servers: [{ url: basePath }],
      security: [{ basic: [] }, {}],
    }),
  )
  const page = once(() => docsPage(parseDescription(describe())))

  route(
    api,
    {
      method: 'get',
      path: '/openapi.json',
      operationId: 'getOpenApi',
      summary: 'This description, for programs',
      tags: ['description'],
      responses: { 200: { description: 'OpenAPI 3.1, in JSON' } },
    },
    'everyone',
    (c) => c.json(describe(), 200),
  )

  route(
    api,
    {
      method: 'get',
      path: '/docs',
      operationId: 'getDocs',
      summary: 'This description, for people',
      tags: ['description'],
      responses: {
        200: { description: 'A page', content: { 'text/html': { schema: z.string() } } },
      },
    },
    'everyone',
    (c) => c.html(page(), 200, DOCS_POLICY),
  )
}

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
