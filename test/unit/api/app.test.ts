import { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import type { AddRoutes } from '../../../functions/api/app.ts'
import { created, createdResponse } from '../../../functions/api/http/created.ts'
import { idInPath, jsonBody } from '../../../functions/api/http/schemas.ts'
import { route } from '../../../functions/api/route.ts'
import { DomainError, type DomainErrorCode } from '../../../shared/errors.ts'
import { parseDigest } from '../../../shared/oci/digest.ts'
import { RegistryError } from '../../../shared/oci/errors.ts'
import { PortError } from '../../../shared/ports.ts'
import { codeOf, createTestApi } from './support.ts'

const thing = z.object({
  name: z
    .string()
    .min(1)
    .max(5)
    .regex(/^[a-z]*$/),
  size: z.number().optional(),
})
const responses = { 200: { description: 'Done' } } as const

const things: AddRoutes = (api) => {
  route(
    api,
    {
      method: 'post',
      path: '/things',
      request: { body: jsonBody(thing) },
      responses: createdResponse,
    },
    'everyone',
    (c) => created(c, { id: 12, name: c.req.valid('json').name }),
  )
  route(
    api,
    {
      method: 'delete',
      path: '/things/{id}',
      request: { params: z.object({ id: idInPath }) },
      responses,
    },
    'everyone',
    (c) => c.body(String(c.req.valid('param').id), 200),
  )
}

const throwing =
  (error: unknown): AddRoutes =>
  (api) => {
    route(api, { method: 'get', path: '/x', responses }, 'everyone', () => {
      throw error
    })
  }

const post = (body: string, contentType = 'application/json'): RequestInit => ({
  method: 'POST',
  body: Buffer.from(body),
  headers: contentType === '' ? {} : { 'Content-Type': contentType },
})

describe('a request', () => {
  it.each([
    ['is taken', post('{"name":"a","id":0,"creation_time":"0001-01-01T00:00:00Z"}'), '201'],
    ['without the body', post(''), '400 BAD_REQUEST'],
    ['of bad JSON', post('{'), '400 BAD_REQUEST'],
    [
      'of another type',
      post('name=a', 'application/x-www-form-urlencoded'),
      '415 UNSUPPORTED_MEDIA_TYPE',
    ],
    ['of no type', post('{"name":"a"}', ''), '415 UNSUPPORTED_MEDIA_TYPE'],
    ['that is no object', post('[]'), '422 UNPROCESSABLE_ENTITY'],
    ['that lacks something', post('{}'), '422 UNPROCESSABLE_ENTITY'],
    ['with a text for a number', post('{"name":"a","size":"1"}'), '422 UNPROCESSABLE_ENTITY'],
    ['with less than the least', post('{"name":""}'), '422 UNPROCESSABLE_ENTITY'],
    ['with more than the most', post('{"name":"abcdef"}'), '422 UNPROCESSABLE_ENTITY'],
    ['with what the grammar refuses', post('{"name":"A"}'), '400 BAD_REQUEST'],
    ['with two faults', post('{"name":"A","size":"1"}'), '400 BAD_REQUEST'],
    ['of 1 MiB', post(`{"name":"a"}${' '.repeat(1024 * 1024 - 12)}`), '201'],
    [
      'of more',
      post(`{"name":"a"}${' '.repeat(1024 * 1024 - 11)}`),
      '413 REQUEST_ENTITY_TOO_LARGE',
    ],
  ])('%s', async (_what, init, expected) => {
    const { ask, failures } = createTestApi([things])
    expect(await ask('/things', undefined, init)).toBe(expected)
    expect(failures).toEqual([])
  })

  it('that says it is too large is not read', async () => {
    const { ask } = createTestApi([things])
    const init = post('{"name":"a"}')
    const headers = { 'Content-Type': 'application/json', 'Content-Length': '1048577' }
    expect(await ask('/things', undefined, { ...init, headers })).toBe(
      '413 REQUEST_ENTITY_TOO_LARGE',
    )
  })

  it('says in words what is wrong with it', async () => {
    const { get } = createTestApi([things])
    const response = await get('/things', undefined, post('{"name":""}'))
    expect(await response.text()).toContain('name in body: ')
  })

  it.each([
    ['DELETE', '/things/7', '200'],
    ['DELETE', '/things/x', '422 UNPROCESSABLE_ENTITY'],
    ['DELETE', '/things/-1', '422 UNPROCESSABLE_ENTITY'],
    ['DELETE', '/things/99999999999999999999', '422 UNPROCESSABLE_ENTITY'],
    ['PUT', '/things/7', '405 METHOD_NOT_ALLOWED'],
    ['OPTIONS', '/things', '405 METHOD_NOT_ALLOWED'],
    ['GET', '/nothing', '404 NOT_FOUND'],
    ['GET', '/', '404 NOT_FOUND'],
    ['GET', '', '404 NOT_FOUND'],
  ])('%s %s', async (method, path, expected) => {
    const { ask } = createTestApi([things])
    expect(await ask(path, undefined, { method })).toBe(expected)
  })

  it('to delete may carry a body that nobody wants', async () => {
    const { ask } = createTestApi([things])
    expect(await ask('/things/7', undefined, { ...post('{}'), method: 'DELETE' })).toBe('200')
  })

  it('of a wrong method hears of the right ones', async () => {
    const { get } = createTestApi([things])
    const response = await get('/things', undefined, { method: 'PUT' })
    expect(response.headers.get('Allow')).toBe('POST')
  })
})

describe('an error', () => {
  it.each([
    ['BAD_REQUEST', 400],
    ['UNAUTHORIZED', 401],
    ['FORBIDDEN', 403],
    ['NOT_FOUND', 404],
    ['CONFLICT', 409],
    ['PRECONDITION', 412],
    ['PROJECTPOLICYVIOLATION', 412],
  ] satisfies readonly (readonly [DomainErrorCode, number])[])('%s is %d', async (code, status) => {
    const { get, failures } = createTestApi([throwing(new DomainError(code, 'why'))])
    const response = await get('/x')
    expect(response.status).toBe(status)
    expect(response.headers.get('Content-Type')).toContain('application/json')
    expect(await response.json()).toEqual({ errors: [{ code, message: 'why' }] })
    expect(failures).toEqual([])
  })

  it.each([
    ['unavailable', 503, '1', 'SERVICE_UNAVAILABLE'],
    ['throttled', 503, '1', 'SERVICE_UNAVAILABLE'],
    ['unknown', 503, '1', 'SERVICE_UNAVAILABLE'],
    ['full', 507, null, 'INSUFFICIENT_STORAGE'],
  ] as const)('of a port, %s, is %d', async (failure, status, retryAfter, code) => {
    const { get, failures } = createTestApi([throwing(new PortError(failure, 'secret'))])
    const response = await get('/x')
    expect([response.status, response.headers.get('Retry-After')]).toEqual([status, retryAfter])
    expect(await codeOf(response)).toBe(code)
    expect(failures).toHaveLength(1)
  })

  it('of the vocabulary is the client’s', async () => {
    const { ask } = createTestApi([
      (api) => {
        route(api, { method: 'get', path: '/x', responses }, 'everyone', (c) =>
          c.text(parseDigest('no digest')),
        )
      },
    ])
    expect(await ask('/x')).toBe('400 BAD_REQUEST')
  })

  it('of the vocabulary that another try may mend says so', async () => {
    const options = { status: 503, headers: { 'Retry-After': '1' } }
    const { get } = createTestApi([throwing(new RegistryError('TOOMANYREQUESTS', options))])
    const response = await get('/x')
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '1'])
    expect(await codeOf(response)).toBe('SERVICE_UNAVAILABLE')
  })

  it('that nobody expected is told to the log, and to the client only as an id', async () => {
    const error = new Error('secret')
    const { get, failures } = createTestApi([throwing(error)])
    const response = await get('/x', undefined, { headers: { 'X-Request-Id': 'mine' } })
    expect(response.status).toBe(500)
    const text = await response.text()
    expect(text).toContain('mine')
    expect(text).not.toContain('secret')
    expect(failures).toEqual([error])
  })
})

describe('X-Request-Id', () => {
  it.each([
    ['sane', 'a'.repeat(128), true],
    ['too long', 'a'.repeat(129), false],
    ['of two words', 'a b', false],
    ['empty', '', false],
  ])('that is %s', async (_what, id, isKept) => {
    const { get } = createTestApi()
    const response = await get('/ping', undefined, { headers: { 'X-Request-Id': id } })
    const answered = response.headers.get('X-Request-Id') ?? ''
    if (isKept) expect(answered).toBe(id)
    else expect(answered).toMatch(/^[a-z2-7]{26}$/)
  })

  it('is the platform’s when the caller has none, and comes with errors too', async () => {
    const { app } = createTestApi()
    const response = await app.request('/api/v2.0/nothing', {}, { requestId: 'of-the-server' })
    expect([response.status, response.headers.get('X-Request-Id')]).toEqual([404, 'of-the-server'])
  })
})

describe('what was made', () => {
  const ask = async (headers: Record<string, string>, name = 'a') => {
    const { get } = createTestApi([things])
    const init = post(`{"name":"${name}"}`)
    const response = await get('/things?x=1', undefined, {
      ...init,
      headers: { 'Content-Type': 'application/json', ...headers },
    })
    return [response.status, response.headers.get('Location'), await response.text()]
  }

  it('is found by its number', async () => {
    expect(await ask({})).toEqual([201, '/api/v2.0/things/12', ''])
    expect(await ask({ 'X-Resource-Name-In-Location': 'false' })).toContain('/api/v2.0/things/12')
  })

  it('is found by its name by who wants that', async () => {
    expect(await ask({ 'X-Resource-Name-In-Location': 'True' })).toContain('/api/v2.0/things/a')
  })
})
