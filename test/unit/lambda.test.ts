import { describe, expect, it } from 'vitest'
import { requestOf } from '../../functions/lambda/event.ts'
import { CHALLENGE, MAX_BODY_BYTES } from '../../functions/lambda/limits.ts'
import { resultOf } from '../../functions/lambda/result.ts'
import { serveEvents, type HttpEvent, type Served } from '../../functions/lambda/serve.ts'

const LONG = 25_000
const context = (remaining = LONG) => ({
  awsRequestId: 'request',
  getRemainingTimeInMillis: () => remaining,
})

const event = (changes: Partial<HttpEvent> & { readonly method?: string } = {}): HttpEvent => ({
  rawPath: '/v2/',
  rawQueryString: '',
  headers: {},
  isBase64Encoded: false,
  requestContext: {
    domainName: 'registry.example.com',
    http: { method: changes.method ?? 'POST', sourceIp: '192.0.2.1' },
  },
  ...changes,
})

const textOf = ({ body }: { readonly body: string }): string =>
  Buffer.from(body, 'base64').toString()

const nothing: Served = { fetch: () => new Response(null, { status: 204 }) }

describe('the request of an event', () => {
  it('has the path as it was, whether or not the gateway resolved its percent signs', () => {
    const pathOf = (rawPath: string) => new URL(requestOf(event({ rawPath })).request.url).pathname
    expect(pathOf('/v2/a/blobs/sha256:00')).toBe('/v2/a/blobs/sha256:00')
    expect(pathOf('/v2/a/blobs/sha256%3A00')).toBe('/v2/a/blobs/sha256%3A00')
    expect(pathOf('/v2/a?b#c/tags/list')).toBe('/v2/a%3Fb%23c/tags/list')
    expect(pathOf('/v2/100%/tags/list')).toBe('/v2/100%25/tags/list')
    expect(pathOf('/v2/ä \u{1f4a9}/tags/list')).toBe('/v2/%C3%A4%20%F0%9F%92%A9/tags/list')
    expect(pathOf('/v2/\ud800/tags/list')).toBe('/v2/%EF%BF%BD/tags/list')
    expect(pathOf('/v2/a\\b')).toBe('/v2/a%5Cb')
  })

  it('leads nowhere but to the host of the gateway', () => {
    for (const rawPath of [
      '//other.example.com/',
      '/\\other.example.com/',
      '/@other.example.com',
    ]) {
      expect(new URL(requestOf(event({ rawPath })).request.url).host).toBe('registry.example.com')
    }
  })

  it('keeps every value of a query key, in order and as it was encoded', () => {
    const { request } = requestOf(event({ rawQueryString: 'tag=a&tag=b%2Bc&digest=sha256%3A00' }))
    expect(new URL(request.url).searchParams.getAll('tag')).toEqual(['a', 'b+c'])
    expect(new URL(request.url).search).toBe('?tag=a&tag=b%2Bc&digest=sha256%3A00')
  })

  it('has one Cookie header of all cookies', () => {
    const { request } = requestOf(event({ cookies: ['sid=1', 'other=2'] }))
    expect(request.headers.get('Cookie')).toBe('sid=1; other=2')
  })

  it('has the length of the body that came, chunked or not', () => {
    const headers = { 'transfer-encoding': 'chunked', 'content-length': '7' }
    const { request } = requestOf(event({ headers, body: 'AAEC', isBase64Encoded: true }))
    expect(request.headers.get('Content-Length')).toBe('3')
    expect(request.headers.has('Transfer-Encoding')).toBe(false)
  })

  it('of a GET has no body, whatever came', () => {
    const { body, request } = requestOf(event({ method: 'GET', body: 'text' }))
    expect(body.byteLength).toBe(0)
    expect(request.body).toBeNull()
  })

  it('reads headers as bytes, as a server does', () => {
    const { request } = requestOf(event({ headers: { 'x-name': 'ä€' } }))
    expect(Buffer.from(request.headers.get('x-name') ?? '', 'latin1').toString()).toBe('ä€')
  })
})

describe('a function that is called with', () => {
  it.each([
    ['wrong base64', { body: 'A!AA', isBase64Encoded: true }],
    ['base64 that is cut off', { body: 'AAA', isBase64Encoded: true }],
    ['a method that nobody has', { method: 'TRACE' }],
    ['a header that breaks the line', { headers: { 'x-name': 'a\r\nb' } }],
  ])('%s answers 400 in the words of the specification', async (_, changes) => {
    const result = await serveEvents(nothing)(event(changes), context())
    expect(result.statusCode).toBe(400)
    expect(textOf(result)).toContain('"code":"UNSUPPORTED"')
  })

  it('more than fits answers 413 and says what takes larger layers', async () => {
    const changes = { body: 'x'.repeat(MAX_BODY_BYTES + 1) }
    const result = await serveEvents(nothing)(event(changes), context())
    expect(result.statusCode).toBe(413)
    expect(textOf(result)).toMatch(/SIZE_INVALID.*roadstead push.*regctl/)
  })
})

describe('the result of an answer', () => {
  it('has a cookie for every Set-Cookie, and no such header', async () => {
    const headers = new Headers({ 'Content-Type': 'text/plain' })
    headers.append('Set-Cookie', 'a=1; Path=/')
    headers.append('Set-Cookie', 'b=2')
    const result = await resultOf(new Response('x', { headers }))
    expect(result.cookies).toEqual(['a=1; Path=/', 'b=2'])
    expect(Object.keys(result.headers)).toEqual(['content-type'])
  })

  it('repeats a challenge where API Gateway leaves it alone', async () => {
    const headers = { 'WWW-Authenticate': 'Bearer realm="r"' }
    const result = await resultOf(new Response(null, { status: 401, headers }))
    expect(result.headers[CHALLENGE.toLowerCase()]).toBe('Bearer realm="r"')
  })

  it('is 501 as soon as it is clear that the answer does not fit', async () => {
    let made = 0
    let isCancelled = false
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        made += 1_000_000
        controller.enqueue(new Uint8Array(1_000_000))
      },
      cancel: () => {
        isCancelled = true
      },
    })
    const app: Served = { fetch: () => new Response(endless) }
    const result = await serveEvents(app)(event(), context())
    expect(result.statusCode).toBe(501)
    expect(textOf(result)).toContain('in pages')
    expect(made).toBeLessThan(MAX_BODY_BYTES + 3_000_000)
    expect(isCancelled).toBe(true)
  })

  it('is 503 with Retry-After before Lambda ends the function', async () => {
    const app: Served = { fetch: async () => await new Promise<Response>(() => undefined) }
    const result = await serveEvents(app)(event(), context(1_010))
    expect(result.statusCode).toBe(503)
    expect(result.headers['retry-after']).toBe('1')
  })
})
