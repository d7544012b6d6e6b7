import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { digestOf } from '../../shared/oci/digest.ts'
import { ERRORS } from '../../shared/oci/errors.ts'
import {
  createTestApp,
  imageJson,
  indexJson,
  pushBlob,
  pushImage,
  putManifest,
} from '../support/app.ts'

const errorBody = z.strictObject({
  errors: z
    .array(
      z.strictObject({
        code: z.enum(Object.keys(ERRORS) as [keyof typeof ERRORS]),
        message: z.string().min(1),
        detail: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .length(1),
})

const codeOf = async (response: Response): Promise<string> => {
  const { errors } = errorBody.parse(await response.json())
  return `${response.status} ${errors[0]?.code ?? ''}`
}

const ABSENT = digestOf('absent')
const UPLOAD = '/v2/p/a/blobs/uploads/'
const NO_SESSION = `${UPLOAD}${'a'.repeat(26)}`

describe('a request that cannot be served is answered by a code of the specification', () => {
  it.each<[string, string, string]>([
    ['GET', '/v2/P/manifests/v1', '400 NAME_INVALID'],
    ['GET', '/v2/p/..%2fb/manifests/v1', '400 NAME_INVALID'],
    ['GET', '/v2/p/a%00/manifests/v1', '400 NAME_INVALID'],
    ['GET', `/v2/${'a'.repeat(4096)}/manifests/v1`, '400 NAME_INVALID'],
    ['GET', '/v2/nobody/here/manifests/v1', '404 NAME_UNKNOWN'],
    ['GET', '/v2/nobody/here/tags/list', '404 NAME_UNKNOWN'],
    ['GET', '/v2/p/a/manifests/absent', '404 MANIFEST_UNKNOWN'],
    ['GET', '/v2/p/a/manifests/-bad', '400 MANIFEST_INVALID'],
    ['GET', `/v2/p/a/manifests/${ABSENT}`, '404 MANIFEST_UNKNOWN'],
    ['GET', '/v2/p/a/manifests/sha256:xyz', '400 DIGEST_INVALID'],
    ['GET', '/v2/p/a/blobs/md5:d41d8cd98f00b204e9800998ecf8427e', '400 DIGEST_INVALID'],
    ['GET', `/v2/p/a/blobs/${ABSENT}`, '404 BLOB_UNKNOWN'],
    ['DELETE', `/v2/p/a/blobs/${ABSENT}`, '404 BLOB_UNKNOWN'],
    ['DELETE', '/v2/p/a/manifests/absent', '404 MANIFEST_UNKNOWN'],
    ['DELETE', `/v2/p/a/manifests/${ABSENT}`, '404 MANIFEST_UNKNOWN'],
    ['GET', '/v2/p/a/tags/list?n=-1', '400 UNSUPPORTED'],
    ['GET', '/v2/p/a/tags/list?n=many', '400 UNSUPPORTED'],
    ['GET', '/v2/p/a/tags/list?last=%00', '400 MANIFEST_INVALID'],
    ['GET', `/v2/p/a/referrers/${ABSENT}?last=garbage`, '400 UNSUPPORTED'],
    ['GET', '/v2/p/a/referrers/latest', '400 DIGEST_INVALID'],
    ['GET', '/v2/_catalog?last=..', '400 NAME_INVALID'],
    ['GET', NO_SESSION, '404 BLOB_UPLOAD_UNKNOWN'],
    ['PATCH', NO_SESSION, '404 BLOB_UPLOAD_UNKNOWN'],
    ['DELETE', `${UPLOAD}x`, '404 BLOB_UPLOAD_UNKNOWN'],
    ['PUT', `${NO_SESSION}?digest=${ABSENT}`, '404 BLOB_UPLOAD_UNKNOWN'],
    ['PUT', NO_SESSION, '400 DIGEST_INVALID'],
    ['POST', `${UPLOAD}?digest-algorithm=md5`, '400 DIGEST_INVALID'],
    ['GET', '/v2/no-such-endpoint', '404 UNSUPPORTED'],
    ['POST', '/v2/p/a/manifests/v1', '405 UNSUPPORTED'],
  ])('%s %s is %s', async (method, path, expected) => {
    const registry = createTestApp()
    await pushBlob(registry, 'p/a', 'one')
    const response = await registry.app.request(path, { method })
    expect(await codeOf(response)).toBe(expected)
    expect(registry.failures).toEqual([])
  })

  it('says which methods there are when there are others', async () => {
    const { app } = createTestApp()
    const response = await app.request('/v2/p/a/manifests/v1', { method: 'POST' })
    expect(response.headers.get('Allow')?.split(', ').sort()).toEqual([
      'DELETE',
      'GET',
      'HEAD',
      'PUT',
    ])
  })

  it('tells nothing of a failure inside but the id to look it up by', async () => {
    const failing = () => Promise.reject(new Error('secret of the inside'))
    const registry = createTestApp({
      wrap: (ports) => ({ ...ports, kv: { ...ports.kv, get: failing } }),
    })
    const response = await registry.app.request('/v2/p/a/manifests/v1')
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).not.toContain('secret')
    expect(text).toContain(response.headers.get('X-Request-Id') ?? 'no id')
    expect(registry.failures).toHaveLength(1)
  })
})

describe('a manifest that cannot be stored', () => {
  it('is told every blob that is missing', async () => {
    const registry = createTestApp()
    await pushBlob(registry, 'p/a', '{}')
    const response = await putManifest(registry, 'p/a', 'v1', imageJson('{}', ['one', 'two']))
    expect(response.status).toBe(404)
    const { errors } = errorBody.parse(await response.json())
    expect(errors[0]?.detail).toEqual({ unknown: [digestOf('one'), digestOf('two')] })
  })

  it('may not refer to a blob of another repository', async () => {
    const registry = createTestApp()
    await pushBlob(registry, 'q/b', 'theirs')
    await pushBlob(registry, 'p/a', '{}')
    const response = await putManifest(registry, 'p/a', 'v1', imageJson('{}', ['theirs']))
    expect(await codeOf(response)).toBe('404 MANIFEST_BLOB_UNKNOWN')
  })

  it('is refused when an index holds what is not there, unless the project allows that', async () => {
    const index = indexJson([imageJson('{}', ['never pushed'])])
    const strict = createTestApp()
    expect(await codeOf(await putManifest(strict, 'p/a', 'v1', index))).toBe(
      '404 MANIFEST_BLOB_UNKNOWN',
    )
    const sparse = createTestApp({ allowSparse: true })
    expect((await putManifest(sparse, 'p/a', 'v1', index)).status).toBe(201)
  })

  it('does not give its repository a blob of somebody else, sparse or not', async () => {
    const registry = createTestApp({ allowSparse: true })
    await pushBlob(registry, 'q/b', 'theirs')
    const layer = { mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar', size: 6 }
    const json = imageJson('{}', [], { layers: [{ ...layer, digest: digestOf('theirs') }] })
    expect((await putManifest(registry, 'p/a', 'v1', json)).status).toBe(201)
    const response = await registry.app.request(`/v2/p/a/blobs/${digestOf('theirs')}`)
    expect(await codeOf(response)).toBe('404 BLOB_UNKNOWN')
  })

  it('is refused by size, by digest and by what it says of a blob', async () => {
    const registry = createTestApp()
    await pushBlob(registry, 'p/a', '{}')
    const large = imageJson('{}', [], { annotations: { a: 'x'.repeat(5 * 1024 * 1024) } })
    expect(await codeOf(await putManifest(registry, 'p/a', 'v1', large))).toBe(
      '413 MANIFEST_INVALID',
    )
    const json = imageJson('{}', [])
    expect(await codeOf(await putManifest(registry, 'p/a', ABSENT, json))).toBe(
      '400 DIGEST_INVALID',
    )
    const lying = json.replace('"size":2', '"size":3')
    expect(await codeOf(await putManifest(registry, 'p/a', 'v1', lying))).toBe('400 SIZE_INVALID')
  })

  it('is refused with more tags than one transaction takes', async () => {
    const registry = createTestApp()
    await pushBlob(registry, 'p/a', '{}')
    const json = imageJson('{}', [])
    const tags = (count: number) =>
      Array.from({ length: count }, (_, index) => `tag=t${index}`).join('&')
    const put = async (count: number) =>
      await putManifest(registry, 'p/a', `${digestOf(json)}?${tags(count)}`, json)
    expect(await codeOf(await put(21))).toBe('414 MANIFEST_INVALID')
    const accepted = await put(20)
    expect(accepted.headers.get('OCI-Tag')?.split(', ')).toHaveLength(20)
  })
})

describe('what something else holds', () => {
  it('is not deleted: a blob by a manifest, a manifest by an index', async () => {
    const registry = createTestApp()
    const digest = await pushImage(registry, 'p/a', 'v1', ['one'])
    const remove = async (path: string) =>
      await registry.app.request(`/v2/p/a/${path}`, { method: 'DELETE' })
    expect(await codeOf(await remove(`blobs/${digestOf('one')}`))).toBe('409 DENIED')
    await putManifest(registry, 'p/a', 'index', indexJson([imageJson('{}', ['one'])]))
    expect(await codeOf(await remove(`manifests/${digest}`))).toBe('409 DENIED')
  })

  it('is gone with its tags once nothing holds it', async () => {
    const registry = createTestApp()
    const digest = await pushImage(registry, 'p/a', 'v1', ['one'])
    await putManifest(registry, 'p/a', 'v2', imageJson('{}', ['one']))
    const ask = async (path: string, method = 'GET') =>
      (await registry.app.request(`/v2/p/a/${path}`, { method })).status
    expect(await ask(`manifests/${digest}`, 'DELETE')).toBe(202)
    expect(await ask(`manifests/${digest}`)).toBe(404)
    expect(await ask('manifests/v1')).toBe(404)
    const list = await registry.app.request('/v2/p/a/tags/list')
    expect(await list.json()).toEqual({ name: 'p/a', tags: [] })
    expect(await ask(`blobs/${digestOf('one')}`, 'DELETE')).toBe(202)
    expect(await ask(`blobs/${digestOf('one')}`)).toBe(404)
  })
})

describe('a project that does not exist', () => {
  it('is not made by a push when that is switched off', async () => {
    const { app } = createTestApp({ createProjectsOnPush: false })
    const response = await app.request(UPLOAD, { method: 'POST' })
    expect(await codeOf(response)).toBe('404 NAME_UNKNOWN')
  })
})
