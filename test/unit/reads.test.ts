import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { MAX_BODY_BYTES } from '../../functions/lambda/limits.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { MEDIA_TYPE } from '../../shared/oci/media-types.ts'
import { createTestApp, imageJson, pushBlob, pushImage, putManifest } from '../support/app.ts'

const TEXT = '0123456789'

const readBlob = async (headers: Readonly<Record<string, string>>) => {
  const registry = createTestApp()
  const digest = await pushBlob(registry, 'p/a', TEXT)
  return await registry.app.request(`/v2/p/a/blobs/${digest}`, { headers })
}

describe('a blob', () => {
  it.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=5-0', 416, '', 'bytes */10'],
    ['lines=1-2', 200, TEXT, null],
    ['bytes=x', 200, TEXT, null],
  ])('asked for %s is %i', async (range, status, text, contentRange) => {
    const response = await readBlob({ Range: range })
    expect(response.status).toBe(status)
    expect(await response.text()).toBe(text)
    expect(response.headers.get('Content-Range')).toBe(contentRange)
  })

  it('asked for several ranges comes in parts', async () => {
    const response = await readBlob({ Range: 'bytes=0-1, 8-9' })
    const text = await response.text()
    const [, boundary = ''] =
      /boundary=(.+)$/.exec(response.headers.get('Content-Type') ?? '') ?? []
    expect(response.status).toBe(206)
    expect(response.headers.get('Content-Length')).toBe(String(text.length))
    const parts = text.split(`--${boundary}`).map((part) => part.trim())
    expect(parts[1]).toMatch(/Content-Range: bytes 0-1\/10\r\n\r\n01$/)
    expect(parts[2]).toMatch(/Content-Range: bytes 8-9\/10\r\n\r\n89$/)
    expect(parts[3]).toBe('--')
  })

  it('that the client has is not sent again, and a range of another version is not mixed in', async () => {
    const tag = `"${digestOf(TEXT)}"`
    expect((await readBlob({ 'If-None-Match': `"x", W/${tag}` })).status).toBe(304)
    expect((await readBlob({ Range: 'bytes=0-1', 'If-Range': '"other"' })).status).toBe(200)
    expect((await readBlob({ Range: 'bytes=0-1', 'If-Range': tag })).status).toBe(206)
  })
})

describe('a manifest', () => {
  it('comes back byte for byte, with its type, however large and oddly written', async () => {
    const registry = createTestApp()
    await pushBlob(registry, 'p/a', '{}')
    for (const [size, spaces] of [
      [10, '  '],
      [20_000, '\n'],
      [600_000, '\t'],
    ] as const) {
      const noise = Array.from({ length: size }, (_, index) => (index * 7919) % 10).join('')
      const json = `${spaces}${imageJson('{}', [], { annotations: { noise } })}${spaces}`
      const put = await putManifest(registry, 'p/a', 'v1', json, MEDIA_TYPE.imageManifest)
      expect(put.status).toBe(201)
      const got = await registry.app.request('/v2/p/a/manifests/v1')
      expect(await got.text()).toBe(json)
      expect(got.headers.get('Content-Type')).toBe(MEDIA_TYPE.imageManifest)
      expect(got.headers.get('Docker-Content-Digest')).toBe(digestOf(json))
    }
  })

  it('of one component lives in the library, under the name it was given', async () => {
    const registry = createTestApp()
    await pushImage(registry, 'alpine', 'latest', ['one'])
    const list = await registry.app.request('/v2/alpine/tags/list')
    expect(await list.json()).toEqual({ name: 'alpine', tags: ['latest'] })
    expect((await registry.app.request('/v2/library/alpine/manifests/latest')).status).toBe(200)
    const catalog = await registry.app.request('/v2/_catalog')
    expect(await catalog.json()).toEqual({ repositories: ['library/alpine'] })
  })
})

describe('referrers', () => {
  const subject = { mediaType: MEDIA_TYPE.imageManifest, digest: digestOf('absent'), size: 1 }
  const list = async (registry: ReturnType<typeof createTestApp>, query = '') =>
    await registry.app.request(`/v2/p/a/referrers/${subject.digest}${query}`)

  it('are listed with type and annotations, whether the subject is there or not', async () => {
    const registry = createTestApp()
    const annotations = { a: 'b' }
    const digest = await pushImage(registry, 'p/a', 'v1', [], {
      subject,
      annotations,
      artifactType: 'x/y',
    })
    const response = await list(registry)
    expect(response.headers.get('Content-Type')).toBe(MEDIA_TYPE.imageIndex)
    expect(await response.json()).toMatchObject({
      schemaVersion: 2,
      manifests: [{ digest, artifactType: 'x/y', annotations }],
    })
    await registry.app.request(`/v2/p/a/manifests/${digest}`, { method: 'DELETE' })
    expect(await (await list(registry)).json()).toMatchObject({ manifests: [] })
  })

  it('are filtered by exact type, and have annotations that fit no item', async () => {
    const registry = createTestApp()
    const annotations = { long: 'x'.repeat(100_000) }
    for (const artifactType of ['x/y', 'x/yz', 'odd#type']) {
      await pushImage(registry, 'p/a', 'v1', [], { subject, annotations, artifactType })
    }
    for (const type of ['x/y', 'odd#type']) {
      const response = await list(registry, `?artifactType=${encodeURIComponent(type)}`)
      expect(response.headers.get('OCI-Filters-Applied')).toBe('artifactType')
      expect(await response.json()).toMatchObject({
        manifests: [{ artifactType: type, annotations }],
      })
    }
  })

  it('come in pages that make up the whole', async () => {
    const registry = createTestApp()
    const pushed = new Set<string>()
    for (let index = 0; index < 230; index += 1) {
      pushed.add(
        await pushImage(registry, 'p/a', `t${index}`, [], {
          subject,
          annotations: { index: String(index) },
        }),
      )
    }
    const listed = new Set<string>()
    let next: string | undefined = `/v2/p/a/referrers/${subject.digest}`
    let pages = 0
    while (next !== undefined) {
      const response: Response = await registry.app.request(next)
      const { manifests } = (await response.json()) as { manifests: { digest: string }[] }
      for (const { digest } of manifests) listed.add(digest)
      next = /^<([^>]+)>/.exec(response.headers.get('Link') ?? '')?.[1]
      pages += 1
    }
    expect(listed).toEqual(pushed)
    expect(pages).toBeGreaterThan(1)
  })

  it('come in pages that fit into an answer of Lambda, whatever they say of themselves', async () => {
    const registry = createTestApp()
    for (const length of [10, 3_900_000, 3_900_000, 10]) {
      const annotations = { long: randomBytes(length / 2).toString('hex') }
      await pushImage(registry, 'p/a', 'v1', [], { subject, annotations })
    }
    let next: string | undefined = `/v2/p/a/referrers/${subject.digest}`
    let listed = 0
    while (next !== undefined) {
      const response: Response = await registry.app.request(next)
      const text = await response.text()
      expect(text.length).toBeLessThan(MAX_BODY_BYTES)
      listed += (JSON.parse(text) as { manifests: unknown[] }).manifests.length
      next = /^<([^>]+)>/.exec(response.headers.get('Link') ?? '')?.[1]
    }
    expect(listed).toBe(4)
  })
})

describe('n=0', () => {
  it('is an empty list without a Link', async () => {
    const registry = createTestApp()
    await pushImage(registry, 'p/a', 'v1', [])
    const response = await registry.app.request('/v2/p/a/tags/list?n=0')
    expect(await response.json()).toEqual({ name: 'p/a', tags: [] })
    expect(response.headers.get('Link')).toBeNull()
  })
})
