import { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import { principalOf, projectOf, ruleOf, type Access } from '../../../functions/api/access.ts'
import type { AddRoutes } from '../../../functions/api/app.ts'
import { jsonBody } from '../../../functions/api/http/schemas.ts'
import { route } from '../../../functions/api/route.ts'
import { createTestApi } from './support.ts'

const answers = { responses: { 200: { description: 'Done' } } } as const

const ruled =
  (path: string, access: Access): AddRoutes =>
  (api) => {
    route(api, { method: 'get', path, ...answers }, access, (c) => c.body(null, 200))
  }

const OF_PROJECT = '/projects/{project_name_or_id}'
const families: readonly AddRoutes[] = [
  ruled('/everyone', 'everyone'),
  ruled('/authenticated', 'authenticated'),
  ruled('/system', { system: 'label:create' }),
  ruled('/handler', { handler: 'a test' }),
  ruled(OF_PROJECT, { project: 'project:read' }),
  ruled(`${OF_PROJECT}/logs`, { project: 'log:list' }),
  ruled(`${OF_PROJECT}/repositories/{repository_name}`, { project: 'artifact:read' }),
]

const WHO = ['nobody', 'wrong', 'user', 'guest', 'robot', 'admin'] as const
const OK = '200'
const KNOW = '401 UNAUTHORIZED'
const DENY = '403 FORBIDDEN'
const NONE = '404 NOT_FOUND'

describe('a rule', () => {
  it.each([
    // path, then what nobody, wrong, user, guest, robot and admin are answered
    ['/everyone', OK, OK, OK, OK, OK, OK],
    ['/handler', OK, KNOW, OK, OK, OK, OK],
    ['/authenticated', KNOW, KNOW, OK, OK, OK, OK],
    ['/system', KNOW, KNOW, DENY, DENY, OK, OK],
    ['/projects/library', OK, KNOW, OK, OK, OK, OK],
    ['/projects/7', OK, KNOW, OK, OK, OK, OK],
    ['/projects/library/logs', KNOW, KNOW, DENY, DENY, DENY, OK],
    ['/projects/secret', KNOW, KNOW, DENY, OK, DENY, OK],
    ['/projects/secret/logs', KNOW, KNOW, DENY, DENY, DENY, OK],
    ['/projects/nowhere', KNOW, KNOW, DENY, DENY, DENY, NONE],
    ['/projects/secret/repositories/a', KNOW, KNOW, DENY, OK, OK, OK],
    ['/projects/nowhere/repositories/a', KNOW, KNOW, DENY, DENY, NONE, NONE],
  ])('of %s lets through whom it allows', async (path, ...expected) => {
    const { ask } = createTestApi(families)
    const asked = WHO.map(async (who) => await ask(path, who === 'nobody' ? undefined : who))
    expect(await Promise.all(asked)).toEqual(expected)
  })

  it.each([
    ['app%252Fa', OK],
    ['app%2Fa', OK],
    ['app%252Fa%252Fb', DENY],
    ['other', DENY],
    ['app%252F..', '400 BAD_REQUEST'],
    ['%25zz', '400 BAD_REQUEST'],
  ])('about the repository %s knows its name', async (name, expected) => {
    const { ask } = createTestApi(families)
    expect(await ask(`/projects/secret/repositories/${name}`, 'narrow')).toBe(expected)
  })

  it('reads a number as a name when it is told to, however that is written', async () => {
    const { ask, resolved } = createTestApi(families)
    for (const value of ['true', 'True', 'TRUE', 'false', '']) {
      await ask('/projects/7', 'user', { headers: { 'x-is-resource-name': value } })
    }
    expect(resolved).toEqual(['7 true', '7 true', '7 true', '7 false', '7 false'])
  })

  it('sends no challenge, for a browser would open a window', async () => {
    const { get } = createTestApi(families)
    const response = await get('/authenticated')
    expect(response.headers.get('WWW-Authenticate')).toBeNull()
  })

  it('that everyone fulfils does not look at credentials', async () => {
    const { ask, authenticated } = createTestApi(families)
    await ask('/everyone', 'user')
    expect(authenticated).toEqual([])
  })

  it('is asked before anything of the request is read', async () => {
    const { ask } = createTestApi([
      (api) => {
        const request = { body: jsonBody(z.object({ name: z.string() })) }
        const definition = { method: 'post', path: '/x', request, ...answers } as const
        route(api, definition, 'authenticated', (c) => c.body(null, 200))
      },
    ])
    const init = { method: 'POST', body: '{', headers: { 'Content-Type': 'application/json' } }
    expect(await ask('/x', undefined, init)).toBe(KNOW)
    expect(await ask('/x', 'user', init)).toBe('400 BAD_REQUEST')
  })

  it('of GET holds for HEAD', async () => {
    const { get } = createTestApi(families)
    expect((await get('/system', 'user', { method: 'HEAD' })).status).toBe(403)
    expect((await get('/system', 'admin', { method: 'HEAD' })).status).toBe(200)
  })

  it('about a project needs one in the path', () => {
    expect(() => createTestApi([ruled('/x', { project: 'project:read' })])).toThrow('/x')
  })
})

describe('a handler', () => {
  it('learns who asks, once, and of which project', async () => {
    const { get, authenticated } = createTestApi([
      (api) => {
        const definition = { method: 'get', path: OF_PROJECT, ...answers } as const
        route(api, definition, { project: 'project:read' }, async (c) => {
          const principal = await principalOf(c)
          return c.json({ who: principal.kind, project: projectOf(c).project.name })
        })
      },
    ])
    const response = await get('/projects/library', 'user')
    expect(await response.json()).toEqual({ who: 'user', project: 'library' })
    expect(authenticated).toEqual(['user '])
  })

  it('has no project without a rule about one', async () => {
    const { ask, failures } = createTestApi([
      (api) => {
        route(api, { method: 'get', path: '/x', ...answers }, 'everyone', (c) =>
          c.json(projectOf(c).project.name),
        )
      },
    ])
    expect(await ask('/x')).toBe('500 UNKNOWN')
    expect(failures).toHaveLength(1)
  })

  it('is told the address that the platform knows', async () => {
    const { app, authenticated } = createTestApi(families)
    await app.request('/api/v2.0/authenticated', {}, { address: '192.0.2.1' })
    expect(authenticated).toEqual(['- 192.0.2.1'])
  })
})

describe('what is registered without a rule', () => {
  const intruders: readonly (readonly [string, AddRoutes, string])[] = [
    ['a route', (api) => void api.get('/open', (c) => c.text('!')), '/open'],
    ['a route for every method', (api) => void api.all('/open', (c) => c.text('!')), '/open'],
    [
      'an OpenAPI route',
      (api) =>
        void api.openapi({ method: 'get', path: '/open', ...answers }, (c) => c.body(null, 200)),
      '/open',
    ],
    [
      'a middleware',
      (api) =>
        void api.use('/everyone', async (_c, next) => {
          await next()
        }),
      '/everyone',
    ],
    [
      'a second handler of a route',
      (api) => void api.get('/everyone', (c) => c.text('!')),
      '/everyone',
    ],
  ]

  it.each(intruders)('is refused: %s', async (_what, intruder, path) => {
    const { ask, failures } = createTestApi([...families, intruder])
    expect(await ask(path, 'admin')).toBe(DENY)
    expect(failures).toHaveLength(1)
  })

  it('is not there: every route of the API has a rule', () => {
    const { app } = createTestApi()
    const unruled = (of: typeof app) =>
      of.routes.filter(({ handler }) => ruleOf(handler) === undefined)
    expect(unruled(app)).toEqual([])
    expect(app.routes.filter(({ handler }) => ruleOf(handler) !== 'frame')).not.toEqual([])
    const [, intruder] = intruders[0] ?? []
    expect(unruled(createTestApi(intruder && [intruder]).app)).toHaveLength(1)
  })

  it('is nothing outside the base path', () => {
    const { app } = createTestApi()
    const paths = app.routes
      .filter(({ handler }) => ruleOf(handler) !== 'frame')
      .filter(({ path }) => !path.startsWith('/api/v2.0/'))
    expect(paths).toEqual([])
  })
})
