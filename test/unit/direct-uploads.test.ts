import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { digestOf, type Digest } from '../../shared/oci/digest.ts'
import { setStorageLimit } from '../../shared/quota/limit.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { key, taskShards, type ObjectId, type ProjectId } from '../../shared/table.ts'
import { surround, type Around } from '../support/around.ts'
import { createTestApp, pushBlob, type TestApp, type TestAppOptions } from '../support/app.ts'

const LIMITS = { minPartBytes: 4, directPartBytes: 5, directPutBytes: 10, checkpointBytes: 6 }
const SMALL = Buffer.from('0123456789')
const LARGE = Buffer.from('in parts of five bytes each')
const LIE = Buffer.from('other bytes of equal length')

const create = (options: TestAppOptions = {}): TestApp =>
  createTestApp({ ...options, limits: { ...LIMITS, ...options.limits } })

const request = z.object({ url: z.string(), headers: z.record(z.string(), z.string()) })
const session = z.object({
  upload: z.string().optional(),
  state: z.string(),
  put: request.optional(),
  partSize: z.number().optional(),
  parts: z.number().optional(),
  have: z.array(z.tuple([z.number(), z.number()])).optional(),
  verified: z.number().optional(),
  computed: z.string().optional(),
})
const signed = z.object({
  parts: z.array(request.extend({ number: z.number(), offset: z.number(), size: z.number() })),
})
const refusal = z.object({
  errors: z.array(
    z.object({ code: z.string(), message: z.string(), detail: z.unknown().optional() }),
  ),
})

const post = async ({ app }: TestApp, path: string, body?: unknown): Promise<Response> =>
  await app.request(`/v2/p/a/_direct${path}`, {
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

const begin = async (registry: TestApp, bytes: Uint8Array, extra: object = {}) => {
  const body = { digest: digestOf(bytes), size: bytes.byteLength, ...extra }
  const answer = await post(registry, '', body)
  expect(answer.status).toBe(201)
  const { upload = '', ...rest } = session.parse(await answer.json())
  return { upload, ...rest }
}

type Begun = Awaited<ReturnType<typeof begin>>

const sendParts = async (
  registry: TestApp,
  upload: string,
  bytes: Uint8Array,
  numbers: readonly number[],
): Promise<void> => {
  const answer = await post(registry, `/${upload}/parts`, { numbers })
  for (const { offset, size, url } of signed.parse(await answer.json()).parts) {
    expect(await registry.send('PUT', url, bytes.subarray(offset, offset + size))).toBe(200)
  }
}

const ALL = [1, 2, 3, 4, 5, 6]

const status = async ({ app }: TestApp, upload: string) =>
  session.parse(await (await app.request(`/v2/p/a/_direct/${upload}`)).json())

const pulled = async ({ app }: TestApp, digest: Digest): Promise<string | number> => {
  const answer = await app.request(`/v2/p/a/blobs/${digest}`)
  return answer.status === 200 ? await answer.text() : answer.status
}

const codes = async (answer: Response): Promise<readonly [number, string | undefined]> => [
  answer.status,
  refusal.parse(await answer.json()).errors[0]?.code,
]

const tasks = async ({ kv }: TestApp): Promise<readonly string[]> => {
  const found: string[] = []
  for (const pk of taskShards()) {
    const { items } = await kv.query({ pk, read: 'strong' })
    found.push(...items.map(({ oid, type }) => `${String(type)} ${String(oid)}`))
  }
  return found
}

describe('a direct upload at once', () => {
  it('is a blob when the store has compared its checksum, and nothing is read again', async () => {
    const registry = create({
      wrap: (ports) => ({
        ...ports,
        objects: { ...ports.objects, get: () => Promise.reject(new Error('it was read')) },
      }),
    })
    const { put, upload } = await begin(registry, SMALL)
    expect(await registry.send('PUT', put?.url ?? '', SMALL)).toBe(200)
    const done = await post(registry, `/${upload}/finish`)
    expect(done.status).toBe(201)
    expect(done.headers.get('Docker-Content-Digest')).toBe(digestOf(SMALL))
    const head = await registry.app.request(done.headers.get('Location') ?? '', { method: 'HEAD' })
    expect(head.headers.get('Content-Length')).toBe(String(SMALL.byteLength))
    expect(registry.failures).toEqual([])
  })

  it('is nothing as long as no bytes have come, whatever was tried', async () => {
    const registry = create()
    const { put, upload } = await begin(registry, SMALL)
    expect(await registry.send('PUT', put?.url ?? '', Buffer.from('9876543210'))).toBe(400)
    const early = await post(registry, `/${upload}/finish`)
    expect(await codes(early)).toEqual([400, 'BLOB_UPLOAD_INVALID'])
    await registry.send('PUT', put?.url ?? '', SMALL)
    expect((await post(registry, `/${upload}/finish`)).status).toBe(201)
    // The answer got lost, and the client asks again.
    expect((await post(registry, `/${upload}/finish`)).status).toBe(201)
    expect(await pulled(registry, digestOf(SMALL))).toBe(SMALL.toString())
  })

  it('is read through where the store does not know the checksum', async () => {
    const registry = create({
      wrap: (ports) => ({
        ...ports,
        objects: {
          ...ports.objects,
          inspect: async (key) => await ports.objects.head(key),
        },
      }),
    })
    const { put, upload } = await begin(registry, SMALL)
    await registry.send('PUT', put?.url ?? '', SMALL)
    expect((await post(registry, `/${upload}/finish`)).status).toBe(201)
    expect(await pulled(registry, digestOf(SMALL))).toBe(SMALL.toString())
  })

  it('may be wished for, and is refused to digests that the store cannot check', async () => {
    const registry = create()
    expect((await begin(registry, LARGE, { way: 'single' })).put).toBeDefined()
    const digest = digestOf(SMALL, 'sha512')
    const { partSize } = await begin(registry, SMALL, { digest, way: 'single' })
    expect(partSize).toBe(5)
  })
})

describe('a direct upload in parts', () => {
  it('goes on with the parts that are there, and is a blob when it was read through', async () => {
    const registry = create()
    const first = await begin(registry, LARGE)
    expect(first).toMatchObject({ state: 'open', partSize: 5, parts: 6, have: [] })
    await sendParts(registry, first.upload, LARGE, [5, 1, 2])
    const again = await begin(registry, LARGE)
    expect(again).toMatchObject({
      upload: first.upload,
      have: [
        [1, 2],
        [5, 5],
      ],
    })
    const early = await post(registry, `/${first.upload}/finish`)
    expect(early.status).toBe(400)
    const [error] = refusal.parse(await early.json()).errors
    expect(error).toMatchObject({ code: 'BLOB_UPLOAD_INVALID', detail: { missing: [3, 4, 6] } })
    await sendParts(registry, first.upload, LARGE, [3, 4, 6])
    expect((await post(registry, `/${first.upload}/finish`)).status).toBe(201)
    expect(await status(registry, first.upload)).toEqual({ state: 'done' })
    expect(await pulled(registry, digestOf(LARGE))).toBe(LARGE.toString())
  })

  it('of sha512 is checked as one of sha256 is', async () => {
    const registry = create()
    const digest = digestOf(LARGE, 'sha512')
    const { upload } = await begin(registry, LARGE, { digest })
    await sendParts(registry, upload, LARGE, ALL)
    expect((await post(registry, `/${upload}/finish`)).status).toBe(201)
    expect(await pulled(registry, digest)).toBe(LARGE.toString())
  })

  it('that lies links nothing, is cleared away by task, and is begun anew', async () => {
    const registry = create()
    const digest = digestOf(LARGE)
    const { upload } = await begin(registry, LARGE)
    await sendParts(registry, upload, LIE, ALL)
    expect(await codes(await post(registry, `/${upload}/finish`))).toEqual([400, 'DIGEST_INVALID'])
    expect(await codes(await post(registry, `/${upload}/finish`))).toEqual([400, 'DIGEST_INVALID'])
    expect(await status(registry, upload)).toEqual({ state: 'failed', computed: digestOf(LIE) })
    expect(await pulled(registry, digest)).toBe(404)
    expect(await registry.kv.get(key.blob(digest), 'strong')).toBeUndefined()
    expect(await tasks(registry)).toContain(`OBJECT_DELETE ${upload}`)
    const fresh = await begin(registry, LARGE)
    expect(fresh.upload).not.toBe(upload)
    expect(fresh.have).toEqual([])
  })

  it('that lies does not spoil the blob that others have', async () => {
    const registry = create()
    await pushBlob(registry, 'q/b', LARGE)
    const { upload } = await begin(registry, LARGE)
    await sendParts(registry, upload, LIE, ALL)
    expect((await post(registry, `/${upload}/finish`)).status).toBe(400)
    const theirs = await registry.app.request(`/v2/q/b/blobs/${digestOf(LARGE)}`)
    expect(await theirs.text()).toBe(LARGE.toString())
    expect(await pulled(registry, digestOf(LARGE))).toBe(404)
  })

  it('is read a stretch at a time, and the client is told how far', async () => {
    let pieces = 0
    const registry = create({ mayGoOn: () => (pieces += 1) % 3 !== 0 })
    const { upload } = await begin(registry, LARGE)
    await sendParts(registry, upload, LARGE, ALL)
    const seen: number[] = []
    for (;;) {
      const answer = await post(registry, `/${upload}/finish`)
      if (answer.status === 201) break
      expect([answer.status, answer.headers.get('Retry-After')]).toEqual([202, '1'])
      const { state, verified = 0 } = session.parse(await answer.json())
      expect(state).toBe('verifying')
      seen.push(verified)
      expect(await begin(registry, LARGE)).toMatchObject({ upload, state: 'verifying' })
    }
    expect(seen.length).toBeGreaterThan(1)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(await pulled(registry, digestOf(LARGE))).toBe(LARGE.toString())
  })

  it('is one blob however many finish it at once', async () => {
    const registry = create()
    const { upload } = await begin(registry, LARGE)
    await sendParts(registry, upload, LARGE, ALL)
    const answers = await Promise.all(ALL.map(() => post(registry, `/${upload}/finish`)))
    for (const { status } of answers) expect([201, 202]).toContain(status)
    expect((await post(registry, `/${upload}/finish`)).status).toBe(201)
    expect(registry.failures).toEqual([])
  })

  it('is done for everybody who shares it, also when the blob came another way first', async () => {
    const registry = create()
    const { upload } = await begin(registry, LARGE)
    await sendParts(registry, upload, LARGE, ALL)
    await pushBlob(registry, 'p/a', LARGE)
    for (const _client of ['one', 'other']) {
      expect((await post(registry, `/${upload}/finish`)).status).toBe(201)
    }
    expect(await pulled(registry, digestOf(LARGE))).toBe(LARGE.toString())
  })

  describe('that somebody else ends while it is begun again, at any call of that', () => {
    const endings = {
      'as a blob': async (registry: TestApp, { put, upload }: Begun): Promise<void> => {
        if (put === undefined) await sendParts(registry, upload, LARGE, ALL)
        else await registry.send('PUT', put.url, SMALL)
        expect((await post(registry, `/${upload}/finish`)).status).toBe(201)
      },
      'by giving it up': async ({ app }: TestApp, { upload }: Begun): Promise<void> => {
        const answer = await app.request(`/v2/p/a/_direct/${upload}`, { method: 'DELETE' })
        expect(answer.status).toBe(204)
      },
    }
    for (const [how, end] of Object.entries(endings)) {
      it.each([
        ['at once', SMALL],
        ['in parts', LARGE],
      ])(`is begun anew, or there: ${how}, %s`, async (_way, bytes) => {
        let wasCalled = true
        for (let at = 1; wasCalled; at += 1) {
          // Only the second time it is begun does somebody come in between, and what that one calls is not counted.
          const left = { calls: Infinity }
          let interrupt = async (): Promise<void> => {
            await Promise.resolve()
          }
          const around: Around = async (_method, call) => {
            left.calls -= 1
            if (left.calls === 0) await interrupt()
            return await call()
          }
          const registry = create({
            wrap: (ports) => ({
              kv: surround(ports.kv, around),
              objects: surround(ports.objects, around),
            }),
          })
          const begun = await begin(registry, bytes)
          interrupt = async () => {
            await end(registry, begun)
          }
          left.calls = at
          const body = { digest: digestOf(bytes), size: bytes.byteLength }
          const answer = await post(registry, '', body)
          wasCalled = left.calls <= 0
          expect([200, 201], `ended before call ${at}`).toContain(answer.status)
        }
      })
    }
  })

  it('is over when it is cancelled', async () => {
    const registry = create()
    const { upload } = await begin(registry, LARGE)
    const cancel = async () =>
      await registry.app.request(`/v2/p/a/_direct/${upload}`, { method: 'DELETE' })
    expect((await cancel()).status).toBe(204)
    expect((await cancel()).status).toBe(404)
    expect((await post(registry, `/${upload}/parts`, { numbers: [1] })).status).toBe(404)
    expect((await post(registry, `/${upload}/finish`)).status).toBe(404)
    expect(await tasks(registry)).toEqual(
      expect.arrayContaining([`OBJECT_DELETE ${upload}`, `UPLOAD_CLEANUP ${upload}`]),
    )
  })
})

describe('what a direct upload asks for', () => {
  it('is not sent when the repository has it, and is when only another one does', async () => {
    const registry = create()
    await pushBlob(registry, 'q/b', SMALL)
    await begin(registry, SMALL)
    await pushBlob(registry, 'p/a', SMALL)
    const body = { digest: digestOf(SMALL), size: SMALL.byteLength }
    const answer = await post(registry, '', body)
    expect([answer.status, await answer.json()]).toEqual([200, { state: 'present' }])
  })

  it('is not reached by the ordinary way of uploading, and reaches no ordinary upload', async () => {
    const registry = create()
    const { upload } = await begin(registry, SMALL)
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const path = `/v2/p/a/blobs/uploads/${upload}?digest=${digestOf(SMALL)}`
      const answer = await registry.app.request(path, { method })
      expect([method, answer.status]).toEqual([method, 404])
    }
    const other = await registry.app.request('/v2/p/a/blobs/uploads/', { method: 'POST' })
    const id = other.headers.get('Docker-Upload-UUID') ?? ''
    expect((await post(registry, `/${id}/finish`)).status).toBe(404)
    const elsewhere = await registry.app.request(`/v2/q/b/_direct/${upload}`)
    expect(elsewhere.status).toBe(404)
  })

  it('is refused at once when the quota has no room for it', async () => {
    const registry = create()
    await pushBlob(registry, 'p/a', 'something')
    const { kv } = registry
    const name = parseRepositoryName('p/a')
    const found = await kv.get(key.projectName(name.project), 'strong')
    const store = { kv, clock: systemClock, ids: createRandomIds() }
    await setStorageLimit(store, String(found?.['pid']) as ProjectId, 30)
    const body = { digest: digestOf(LARGE), size: LARGE.byteLength }
    const answer = await post(registry, '', body)
    expect(await codes(answer)).toEqual([403, 'DENIED'])
    await begin(registry, SMALL)
  })

  it.each([
    ['no JSON', '{', 400, 'BLOB_UPLOAD_INVALID'],
    ['no size', { digest: digestOf(SMALL) }, 400, 'BLOB_UPLOAD_INVALID'],
    ['a size below nothing', { digest: digestOf(SMALL), size: -1 }, 400, 'BLOB_UPLOAD_INVALID'],
    ['half a byte', { digest: digestOf(SMALL), size: 0.5 }, 400, 'BLOB_UPLOAD_INVALID'],
    ['too many bytes', { digest: digestOf(SMALL), size: 2 ** 43 }, 413, 'SIZE_INVALID'],
    ['no digest', { digest: 'sha256:abc', size: 1 }, 400, 'DIGEST_INVALID'],
  ])('is refused with %s', async (_what, body, expected, code) => {
    const registry = create()
    const answer = await registry.app.request('/v2/p/a/_direct', {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    expect(await codes(answer)).toEqual([expected, code])
    expect(registry.failures).toEqual([])
  })

  it.each([[[0]], [[7]], [[1.5]], [Array.from({ length: 101 }, () => 1)]])(
    'is refused for parts that there are not: %j',
    async (numbers) => {
      const registry = create()
      const { upload } = await begin(registry, LARGE)
      const answer = await post(registry, `/${upload}/parts`, { numbers })
      expect(await codes(answer)).toEqual([400, 'BLOB_UPLOAD_INVALID'])
    },
  )

  it('is on the list of what to go on with until it is over', async () => {
    const registry = create()
    const { put, upload } = await begin(registry, SMALL)
    const item = await registry.kv.get(key.object(upload as ObjectId), 'strong')
    const listed = {
      pk: `REPOSITORY#${String(item?.['rid'])}`,
      sk: { prefix: 'DIRECT#' },
      read: 'strong',
    } as const
    expect((await registry.kv.query(listed)).items).toHaveLength(1)
    await registry.send('PUT', put?.url ?? '', SMALL)
    await post(registry, `/${upload}/finish`)
    expect((await registry.kv.query(listed)).items).toHaveLength(0)
  })
})
