/** The registry as it is on Lambda, asked through an API Gateway with all its limits. */
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveEvents } from '../../functions/lambda/serve.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { MEDIA_TYPE } from '../../shared/oci/media-types.ts'
import { imageJson } from '../support/app.ts'
import { authorization } from '../support/credentials.ts'
import { startInvoker } from '../support/gateway/invoker.ts'
import { startGatewayRegistry, type GatewayRegistry } from '../support/gateway/registry.ts'

const MIB = 1024 * 1024
const MAX_HEAD_BYTES = 10_240

let registry: GatewayRegistry

beforeAll(async () => {
  registry = await startGatewayRegistry()
})

afterAll(async () => {
  await registry.stop()
})

const ask = async (
  path: string,
  { headers, ...init }: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {},
): Promise<Response> =>
  await fetch(`${registry.url}${path}`, {
    redirect: 'manual',
    ...init,
    headers: { Authorization: authorization(registry.login), ...headers },
  })

const pushBlob = async (name: string, bytes: Uint8Array): Promise<string> => {
  const digest = digestOf(bytes)
  const body = Buffer.from(bytes)
  const answer = await ask(`/v2/${name}/blobs/uploads/?digest=${digest}`, { method: 'POST', body })
  expect(answer.status).toBe(201)
  return digest
}

const putManifest = async (name: string, reference: string, json: string): Promise<Response> =>
  await ask(`/v2/${name}/manifests/${reference}`, {
    method: 'PUT',
    body: Buffer.from(json),
    headers: { 'Content-Type': MEDIA_TYPE.imageManifest },
  })

const pushImage = async (name: string, tag: string, extra = {}): Promise<string> => {
  for (const blob of ['{}', name]) await pushBlob(name, Buffer.from(blob))
  const json = imageJson('{}', [name], extra)
  expect((await putManifest(name, tag, json)).status).toBe(201)
  return json
}

describe('bytes', () => {
  it('go in and come out as they are, whatever they are and are called', async () => {
    const echo = serveEvents({
      fetch: async (request) => {
        const type = request.headers.get('X-Type')
        const headers = type === null ? {} : { 'Content-Type': type }
        return new Response(await request.arrayBuffer(), { headers })
      },
    })
    const invoker = await startInvoker(() => () => echo)
    const binary = fc.constantFrom(
      ...[undefined, 'application/octet-stream', 'application/x-www-form-urlencoded'],
      ...[MEDIA_TYPE.imageManifest, 'application/problem+json'],
    )
    const answered = fc.constantFrom(undefined, 'application/json', 'text/plain', 'image/png')
    try {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), binary, answered, async (...sent) => {
          const [bytes, type, answerType] = sent
          const answer = await fetch(invoker.url, {
            method: 'PUT',
            body: Buffer.from(bytes),
            headers: {
              ...(type === undefined ? {} : { 'Content-Type': type }),
              ...(answerType === undefined ? {} : { 'X-Type': answerType }),
            },
          })
          expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from(bytes))
        }),
        { numRuns: 150 },
      )
    } finally {
      await invoker.stop()
    }
  })

  it('of a blob are no text, and are read from the bucket', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0xef, 0xbb, 0xbf, 0xc3, 0x28])
    const digest = await pushBlob('bytes/blob', bytes)
    const redirect = await ask(`/v2/bytes/blob/blobs/${digest}`)
    expect(redirect.status).toBe(307)
    const location = redirect.headers.get('Location') ?? ''
    expect(location.startsWith(registry.bucketUrl)).toBe(true)
    expect(Buffer.from(await (await fetch(location)).arrayBuffer())).toEqual(bytes)
  })

  it('of a manifest stay as they were pushed, white space and all', async () => {
    for (const blob of ['{}', 'x']) await pushBlob('bytes/manifest', Buffer.from(blob))
    const json = `  ${imageJson('{}', ['x'], { annotations: { name: 'ä€\u{1f4a9}\u2028' } })}\r\n\t`
    expect((await putManifest('bytes/manifest', 'v1', json)).status).toBe(201)
    const got = await ask('/v2/bytes/manifest/manifests/v1')
    expect(await got.text()).toBe(json)
    expect(got.headers.get('Docker-Content-Digest')).toBe(digestOf(json))
  })

  it('of a manifest of 4 MiB fit into a request and into an answer', async () => {
    for (const blob of ['{}', 'x']) await pushBlob('bytes/large', Buffer.from(blob))
    const json = imageJson('{}', ['x'])
    const padded = json + ' '.repeat(4 * MIB - json.length)
    expect((await putManifest('bytes/large', 'v1', padded)).status).toBe(201)
    const got = await ask('/v2/bytes/large/manifests/v1')
    expect(got.status).toBe(200)
    expect(digestOf(Buffer.from(await got.arrayBuffer()))).toBe(digestOf(padded))
    const larger = await putManifest('bytes/large', 'v2', `${padded} `)
    expect([larger.status, await larger.text()]).toEqual([
      413,
      expect.stringContaining('MANIFEST_INVALID'),
    ])
  })
})

describe('a request', () => {
  it('by HEAD is answered by the function, with the length of what GET leads to', async () => {
    const json = await pushImage('head/image', 'v1')
    const manifest = await ask('/v2/head/image/manifests/v1', { method: 'HEAD' })
    expect(manifest.status).toBe(200)
    expect(manifest.headers.get('Content-Length')).toBe(String(json.length))
    expect(manifest.headers.get('Docker-Content-Digest')).toBe(digestOf(json))
    const blob = await ask(`/v2/head/image/blobs/${digestOf('{}')}`, { method: 'HEAD' })
    expect([blob.status, blob.headers.get('Content-Length')]).toEqual([200, '2'])
    const none = await ask('/v2/head/image/manifests/none', { method: 'HEAD' })
    expect([none.status, await none.text()]).toEqual([404, ''])
  })

  it('may repeat a query key', async () => {
    const json = await pushImage('query/image', 'v1')
    const path = `/v2/query/image/manifests/${digestOf(json)}?tag=one&tag=two`
    const put = await ask(path, {
      method: 'PUT',
      body: Buffer.from(json),
      headers: { 'Content-Type': MEDIA_TYPE.imageManifest },
    })
    expect(put.headers.get('OCI-Tag')).toBe('one, two')
    const tags = await ask('/v2/query/image/tags/list')
    expect(await tags.json()).toMatchObject({ tags: ['one', 'two', 'v1'] })
  })

  it('without a body needs no length, and one in chunks is as good as any', async () => {
    const started = await ask('/v2/body/chunked/blobs/uploads/', { method: 'POST' })
    expect(started.status).toBe(202)
    const location = started.headers.get('Location') ?? ''
    const sent = await ask(location, {
      method: 'PATCH',
      body: ReadableStream.from([Buffer.from('one'), Buffer.from('two')]),
      duplex: 'half',
    })
    expect([sent.status, sent.headers.get('Range')]).toEqual([202, '0-5'])
    const put = await ask(`${location}?digest=${digestOf('onetwo')}`, { method: 'PUT' })
    expect(put.status).toBe(201)
  })

  it('from a browser shows its session among other cookies', async () => {
    const form = new URLSearchParams({
      principal: registry.login.name,
      password: registry.login.password,
    })
    const login = await fetch(`${registry.url}/c/login`, { method: 'POST', body: form })
    expect(login.status).toBe(200)
    const [cookie = ''] = login.headers.getSetCookie()
    const headers = { Cookie: `first=1; ${cookie.split(';')[0] ?? ''}; last=2` }
    const user = await fetch(`${registry.url}/api/v2.0/users/current`, { headers })
    expect(await user.json()).toMatchObject({ username: 'admin' })
  })

  it('may cross the limit of API Gateway, which then answers without asking', async () => {
    const large = await ask('/v2/limit/large/blobs/uploads/', {
      method: 'POST',
      body: Buffer.alloc(5 * MIB),
    })
    expect([large.status, await large.json()]).toEqual([
      413,
      { message: 'Request Entity Too Large' },
    ])
    const long = await ask(`/v2/limit/large/tags/list?last=${'x'.repeat(MAX_HEAD_BYTES)}`)
    expect(long.status).toBe(431)
  })

  it('that begins an upload is told what fits into the next ones', async () => {
    const { headers } = await ask('/v2/limit/told/blobs/uploads/', { method: 'POST' })
    expect(headers.get('OCI-Chunk-Min-Length')).toBe(String(MIB))
    expect(headers.get('OCI-Chunk-Max-Length')).toBe(String(4 * MIB))
    expect(headers.get('Warning')).toMatch(/^299 - "[^"]*4 MiB[^"]*roadstead push[^"]*"$/)
  })
})

describe.each([true, false])(
  'a path whose percent signs the gateway resolves: %s',
  (decodesPath) => {
    let own: GatewayRegistry
    beforeAll(async () => {
      own = await startGatewayRegistry({ decodesPath })
    })
    afterAll(async () => {
      await own.stop()
    })
    const get = async (path: string): Promise<number> => {
      const headers = { Authorization: authorization(own.login) }
      return (await fetch(`${own.url}${path}`, { headers, redirect: 'manual' })).status
    }

    it('finds digests and names in every spelling, and refuses what is no name', async () => {
      const digest = digestOf('x')
      const push = `${own.url}/v2/team/app/blobs/uploads/?digest=${encodeURIComponent(digest)}`
      const headers = { Authorization: authorization(own.login) }
      expect((await fetch(push, { method: 'POST', body: 'x', headers })).status).toBe(201)
      expect(await get(`/v2/team/app/blobs/${digest}`)).toBe(307)
      expect(await get(`/v2/team/app/blobs/${encodeURIComponent(digest)}`)).toBe(307)
      expect(await get(`/v2/team%2Fapp/blobs/${digest}`)).toBe(307)
      expect(await get('/v2/team/a%23b/tags/list')).toBe(400)
      expect(await get('/v2/team/a%25b/tags/list')).toBe(400)
      expect(await get('/v2/team/a%20b/tags/list')).toBe(400)
    })
  },
)

describe('a token', () => {
  const name = (index: number): string => `scopes/${'n'.repeat(200)}-${index}`

  it('fits into a request beside the longest path, however many scopes are asked for', async () => {
    for (const index of [0, 1, 199]) await pushBlob(name(index), Buffer.from('x'))
    const scopes = Array.from({ length: 200 }, (_, index) => `repository:${name(index)}:pull,push`)
    const form = new URLSearchParams({
      ...{ grant_type: 'password', service: 'roadstead', scope: scopes.join(' ') },
      ...{ username: registry.login.name, password: registry.login.password },
    })
    const answer = await fetch(`${registry.url}/service/token`, { method: 'POST', body: form })
    const { access_token: token, scope } = (await answer.json()) as Record<string, string>
    // What it is for is said exactly: the first, and as many of the last as fit.
    const granted = scope?.split(' ') ?? []
    expect(granted[0]).toBe(scopes[0])
    expect(granted.slice(1)).toEqual(scopes.slice(1 - granted.length))
    expect(granted.length).toBeGreaterThan(5)
    expect(token?.length).toBeLessThan(7_600)
    const read = async (index: number): Promise<number> => {
      const answer = await fetch(`${registry.url}/v2/${name(index)}/blobs/${digestOf('x')}`, {
        method: 'HEAD',
        headers: {
          Authorization: `Bearer ${token ?? ''}`,
          Accept: Object.values(MEDIA_TYPE).join(', '),
        },
      })
      return answer.status
    }
    expect(await read(0)).toBe(200)
    expect(await read(199)).toBe(200)
    // Asked for again when it is needed.
    expect(await read(1)).toBe(401)
  })
})
