import { describe, expect, it } from 'vitest'
import { digestOf } from '../../../shared/oci/digest.ts'
import type { Kv } from '../../../shared/ports.ts'
import { key } from '../../../shared/table.ts'
import { imageJson, indexJson, pushBlob, putManifest } from '../../support/app.ts'
import { createCollectedRegistry, DAY_MS } from '../../support/gc.ts'
import { createMomentous, expectWhole, push } from './support.ts'

const LAYER = 'layer'
const BLOB = key.blob(digestOf(LAYER)).pk
const MINUTE_MS = 60_000

/** A layer that nobody holds any more, in a registry whose collector is about to go to work. */
const withGarbage = async () => {
  const world = createMomentous()
  const digest = await push(world.registry, 'p/a', 'v1', [LAYER])
  await push(world.registry, 'p/a', 'other', ['other'])
  expect(await world.ask(`p/a/manifests/${digest}`, 'DELETE')).toBe(202)
  return world
}

/** What the worker does last before a link, a blob, an object are gone. */
const LAST_MOMENTS = [
  ['its link goes', 'transact', ['"op":"delete"', BLOB, '"sk":"PROJECT#']],
  ['it is condemned', 'write', ['"state":"CONDEMNED"', BLOB, '"sk":"#"']],
  ['it goes', 'transact', ['"op":"delete"', BLOB, '"sk":"#"']],
  ['its object goes', 'deleteMany', ['object/']],
] as const

describe('does not happen here: a push meets the collector, and', () => {
  it.each(LAST_MOMENTS)(
    'goharbor/harbor#23116: a blob that is mounted right before %s is lost',
    async (_when, method, says) => {
      const { before, collect, registry, troubles } = await withGarbage()
      const mounted = before(method, says, async () => {
        const path = `/v2/p/b/blobs/uploads/?mount=${digestOf(LAYER)}&from=p/a`
        await registry.app.request(path, { method: 'POST' })
        await push(registry, 'p/b', 'v1', [LAYER])
      })
      await collect(8)
      expect([mounted(), troubles]).toEqual([true, []])
      await expectWhole(registry, 'p/b', 'v1', [LAYER])
    },
  )

  it('goharbor/harbor#13854: a blob whose object is not deleted for hours cannot be pushed', async () => {
    const { before, collect, registry } = await withGarbage()
    const isStuck = Promise.withResolvers<undefined>()
    before('deleteMany', ['object/'], async () => {
      isStuck.resolve(undefined)
      await new Promise<never>(() => undefined)
    })
    void collect(8)
    await isStuck.promise
    await push(registry, 'p/a', 'again', [LAYER])
    await expectWhole(registry, 'p/a', 'again', [LAYER])
    await collect(8)
    await expectWhole(registry, 'p/a', 'again', [LAYER])
  })

  it('goharbor/harbor#22417: of two processes one does not know what the other was given', async () => {
    const blind = (kv: Kv): Partial<Kv> => ({
      get: async (...[at, read]) => (read === 'eventual' ? undefined : await kv.get(at, read)),
      batchGet: async (keys, read) =>
        read === 'eventual' ? { items: [], unprocessed: [] } : await kv.batchGet(keys, read),
      query: async (query) => (query.read === 'eventual' ? { items: [] } : await kv.query(query)),
    })
    // Eventual reads answer what was before anything was pushed, as a replica that lags does.
    const { registry } = createCollectedRegistry({
      requests: ({ kv }) => ({ kv: { ...kv, ...blind(kv) } }),
    })
    await push(registry, 'p/a', 'v1', [LAYER])
    await expectWhole(registry, 'p/a', 'v1', [LAYER])
  })

  it('goharbor/harbor#22747: a manifest comes before its layers, and they are collected under it', async () => {
    const strict = createCollectedRegistry()
    const json = imageJson('{}', [LAYER])
    expect((await putManifest(strict.registry, 'p/a', 'v1', json)).status).toBe(404)
    const sparse = createCollectedRegistry({ allowSparse: true })
    expect((await putManifest(sparse.registry, 'p/a', 'v1', json)).status).toBe(201)
    for (const content of ['{}', LAYER]) await pushBlob(sparse.registry, 'p/a', content)
    await sparse.collect(8, true)
    await expectWhole(sparse.registry, 'p/a', 'v1', [LAYER])
  })

  it('goharbor/harbor#22571: a blob that is gone is said to be there already', async () => {
    const { ask, collect, registry } = createCollectedRegistry()
    const digest = await push(registry, 'p/a', 'v1', [LAYER])
    expect(await ask(`p/a/blobs/${digestOf(LAYER)}`, 'HEAD')).toBe(200)
    await expectWhole(registry, 'p/a', 'v1', [LAYER])
    expect(await ask(`p/a/manifests/${digest}`, 'DELETE')).toBe(202)
    await collect(8)
    expect(await ask(`p/a/blobs/${digestOf(LAYER)}`, 'HEAD')).toBe(404)
    await push(registry, 'p/a', 'v1', [LAYER])
    await expectWhole(registry, 'p/a', 'v1', [LAYER])
  })

  it('harbor-next#397: every push of a popular layer writes to one item', async () => {
    const written: string[] = []
    const { registry } = createCollectedRegistry({
      requests: ({ kv }) => ({
        kv: {
          ...kv,
          write: async (operation) => {
            written.push(JSON.stringify(operation))
            return await kv.write(operation)
          },
          transact: async (operations, token) => {
            written.push(...operations.map((each) => JSON.stringify(each)))
            return await kv.transact(operations, token)
          },
        },
      }),
    })
    const ofLayer = () => written.filter((each) => each.includes(`"pk":"${BLOB}"`))
    await push(registry, 'p/a', 'v1', [LAYER])
    expect(ofLayer().length).toBeGreaterThan(0)
    written.length = 0
    await push(registry, 'p/a', 'v2', [LAYER, 'more'])
    expect(written.length).toBeGreaterThan(0)
    expect(ofLayer()).toEqual([])
  })

  it('distribution/distribution#3544: old garbage is used again while it is being deleted', async () => {
    const { collect, context, pass, registry } = await withGarbage()
    await collect(0)
    pass(DAY_MS + 10 * MINUTE_MS)
    await collect(0)
    expect(await context.store.kv.get(key.blob(digestOf(LAYER)), 'strong')).toMatchObject({
      state: 'CONDEMNED',
    })
    await push(registry, 'p/b', 'v1', [LAYER])
    await collect(8)
    await expectWhole(registry, 'p/b', 'v1', [LAYER])
  })

  it('project-zot/zot#2964: pushes wait while garbage is collected', async () => {
    const { before, collect, registry } = await withGarbage()
    const isStuck = Promise.withResolvers<undefined>()
    before('transact', ['"op":"delete"', BLOB, '"sk":"PROJECT#'], async () => {
      isStuck.resolve(undefined)
      await new Promise<never>(() => undefined)
    })
    void collect(8)
    await isStuck.promise
    await push(registry, 'p/b', 'v1', [LAYER])
    await push(registry, 'q/a', 'v1', [LAYER])
    await expectWhole(registry, 'q/a', 'v1', [LAYER])
  })

  it('quay/quay#6318: an upload is finished when it is about to be given up', async () => {
    const { ask, before, collect, registry } = createMomentous()
    const begun = await registry.app.request('/v2/p/a/blobs/uploads/', { method: 'POST' })
    const location = begun.headers.get('Location') ?? ''
    const finished = before('transact', ['"state":"DOOM"'], async () => {
      const path = `${location}?digest=${digestOf(LAYER)}`
      const body = Buffer.from(LAYER)
      const headers = { 'Content-Length': String(body.byteLength) }
      const response = await registry.app.request(path, { method: 'PUT', body, headers })
      expect(response.status).toBe(201)
      await push(registry, 'p/a', 'v1', [LAYER])
    })
    await collect(8)
    expect(finished()).toBe(true)
    expect(await ask(`p/a/blobs/${digestOf(LAYER)}`)).toBe(200)
    await expectWhole(registry, 'p/a', 'v1', [LAYER])
  })

  it('cloudfoundry/korifi#2381: a layer is gone between the HEAD that found it and the manifest', async () => {
    const { ask, collect, pass, registry } = createCollectedRegistry()
    for (const content of ['{}', LAYER]) await pushBlob(registry, 'p/a', content)
    // Its lease is nearly over.
    pass(DAY_MS - MINUTE_MS)
    for (const content of ['{}', LAYER]) {
      expect(await ask(`p/a/blobs/${digestOf(content)}`, 'HEAD')).toBe(200)
    }
    pass(59 * MINUTE_MS)
    await collect(0)
    const put = await putManifest(registry, 'p/a', 'v1', imageJson('{}', [LAYER]))
    expect(put.status).toBe(201)
    await collect(8)
    await expectWhole(registry, 'p/a', 'v1', [LAYER])
  })

  it('GitLab container-registry!2927: what is about something that is not there is refused', async () => {
    const { collect, registry } = createCollectedRegistry()
    const subject = imageJson('{}', [LAYER])
    const about = {
      subject: {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: digestOf(subject),
        size: subject.length,
      },
    }
    const digest = await push(registry, 'p/a', 'signature', ['signature'], about)
    await collect(8)
    await push(registry, 'p/a', 'v1', [LAYER])
    const list = await registry.app.request(`/v2/p/a/referrers/${digestOf(subject)}`)
    expect(await list.json()).toMatchObject({ manifests: [{ digest }] })
    const index = await putManifest(registry, 'p/a', 'index', indexJson([subject]))
    expect(index.status).toBe(201)
  })
})
