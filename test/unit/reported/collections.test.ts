import { describe, expect, it } from 'vitest'
import { bucketKey } from '../../../shared/bucket.ts'
import { digestOf } from '../../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../../shared/oci/name.ts'
import { readProject } from '../../../shared/projects/find.ts'
import { deleteRepository } from '../../../shared/repositories/delete.ts'
import { readListed } from '../../../shared/repositories/find.ts'
import { key } from '../../../shared/table.ts'
import { imageJson, indexJson, pushBlob, putManifest } from '../../support/app.ts'
import {
  createCollectedRegistry,
  DAY_MS,
  pushThatDies,
  type CollectedRegistry,
} from '../../support/gc.ts'
import { createMomentous, expectWhole, push } from './support.ts'

const LAYER = 'layer'

const forget = async ({ ask }: CollectedRegistry, name: string, reference: string) => {
  expect(await ask(`${name}/manifests/${reference}`, 'DELETE')).toBe(202)
}

describe('does not happen here: the collector', () => {
  it('goharbor/harbor#12975: deletes blobs that other images use', async () => {
    const world = createCollectedRegistry()
    const { ask, collect, registry } = world
    for (const name of ['p/a', 'p/b', 'q/a']) await push(registry, name, 'v1', [LAYER, name])
    const digest = digestOf(imageJson('{}', [LAYER, 'p/a']))
    await forget(world, 'p/a', digest)
    await collect(8)
    await forget(world, 'p/b', digestOf(imageJson('{}', [LAYER, 'p/b'])))
    await collect(8)
    expect(await ask(`p/b/blobs/${digestOf(LAYER)}`)).toBe(404)
    await expectWhole(registry, 'q/a', 'v1', [LAYER, 'q/a'])
  })

  it('goharbor/harbor#22739: takes the longer the more there is that stays', async () => {
    const callsWith = async (others: number): Promise<number> => {
      const world = createMomentous()
      const { calls, collect, registry } = world
      for (let number = 0; number < others; number += 1) {
        await push(registry, 'p/a', `kept${number}`, [LAYER, `layer ${number}`])
      }
      // What pushes leave to look at is looked at.
      await collect(8)
      const digest = await push(registry, 'p/a', 'v1', [LAYER, 'one', 'two'])
      await forget(world, 'p/a', digest)
      const before = calls()
      await collect(8)
      return calls() - before
    }
    // By how many rounds it takes to find all tasks it differs by some dozens, as chance puts them into shards.
    expect(Math.abs((await callsWith(400)) - (await callsWith(2)))).toBeLessThan(200)
  })

  it('goharbor/harbor#21655: hangs, and nobody collects any more', async () => {
    const world = createMomentous()
    const { ask, before, collect, registry } = world
    for (const version of ['v1', 'v2']) {
      await forget(world, 'p/a', await push(registry, 'p/a', version, [LAYER, version]))
    }
    const isStuck = Promise.withResolvers<undefined>()
    before('transact', ['"op":"delete"', '"sk":"PROJECT#'], async () => {
      isStuck.resolve(undefined)
      await new Promise<never>(() => undefined)
    })
    void collect(8)
    await isStuck.promise
    await collect(8)
    for (const content of [LAYER, 'v1', 'v2']) {
      expect(await ask(`p/a/blobs/${digestOf(content)}`)).toBe(404)
    }
    expect((await world.context.objects.list('object/')).keys).toHaveLength(0)
  })

  it('goharbor/harbor#16402: finds nothing of a repository whose name was given away again', async () => {
    const { ask, collect, context, log, objects, oidOf, registry } = (() => {
      const world = createCollectedRegistry()
      return { ...world, objects: world.context.objects }
    })()
    const old = await push(registry, 'p/a', 'v1', [LAYER, 'old'])
    const oid = await oidOf(digestOf('old'))
    const { path, project } = parseRepositoryName('p/a')
    const found = await readProject(context.store, { name: project })
    await deleteRepository(context, await readListed(context.store, found, path))
    await push(registry, 'p/a', 'v1', [LAYER, 'new'])
    expect(await ask(`p/a/manifests/${old}`)).toBe(404)
    await collect(8)
    expect(await objects.head(bucketKey.object(oid))).toBeUndefined()
    expect(await log()).toContainEqual(
      expect.objectContaining({ digest: old, reason: 'its repository was deleted' }),
    )
    await expectWhole(registry, 'p/a', 'v1', [LAYER, 'new'])
  })

  it('distribution/distribution#3178: deletes the parts of an index because no tag points at them', async () => {
    const { collect, registry } = createCollectedRegistry()
    const parts = ['amd64', 'arm64'].map((layer) => imageJson('{}', [layer]))
    for (const layer of ['amd64', 'arm64']) {
      await push(registry, 'p/a', digestOf(imageJson('{}', [layer])), [layer])
    }
    expect((await putManifest(registry, 'p/a', 'v1', indexJson(parts))).status).toBe(201)
    const loose = await push(registry, 'p/a', digestOf(imageJson('{}', ['loose'])), ['loose'])
    await collect(8, true)
    const lost = await registry.app.request(`/v2/p/a/manifests/${loose}`)
    expect(lost.status).toBe(404)
    for (const layer of ['amd64', 'arm64']) {
      await expectWhole(registry, 'p/a', digestOf(imageJson('{}', [layer])), [layer])
    }
  })

  it('distribution/distribution#4191: deletes what has expired in one place and is used in another', async () => {
    const { ask, collect, pass, registry } = createCollectedRegistry()
    for (const content of ['{}', LAYER]) await pushBlob(registry, 'p/cache', content)
    pass(DAY_MS / 2)
    await push(registry, 'p/a', 'v1', [LAYER])
    await collect(8)
    expect(await ask(`p/cache/blobs/${digestOf(LAYER)}`)).toBe(404)
    await expectWhole(registry, 'p/a', 'v1', [LAYER])
  })

  it('project-zot/zot#2625: deletes the one copy that others were made of', async () => {
    const world = createCollectedRegistry()
    const { collect, registry } = world
    const first = await push(registry, 'p/first', 'v1', [LAYER])
    // It sends all bytes again, which are stored once.
    for (const content of ['{}', LAYER]) await pushBlob(registry, 'q/second', content)
    await push(registry, 'q/second', 'v1', [LAYER])
    await forget(world, 'p/first', first)
    await collect(8)
    await expectWhole(registry, 'q/second', 'v1', [LAYER])
    expect((await world.context.objects.list('object/')).keys).toHaveLength(2)
  })

  it('project-zot/zot#3825: takes the layers of an image for those of an older attempt to push it', async () => {
    const world = createCollectedRegistry()
    const { collect, context, registry } = world
    for (const content of ['{}', LAYER]) await pushBlob(registry, 'p/a', content)
    const json = imageJson('{}', [LAYER])
    const { kv } = context.store
    await pushThatDies(context, 'p/a', digestOf(json), json)
    await push(registry, 'p/a', 'v1', [LAYER])
    const refs = async () => {
      const items = await kv.query({ ...{ pk: key.blob(digestOf(LAYER)).pk }, read: 'strong' })
      return items.items.filter(({ sk }) => sk.includes('#MANIFEST#'))
    }
    expect(await refs()).toHaveLength(2)
    await collect(8)
    expect(await refs()).toHaveLength(1)
    await expectWhole(registry, 'p/a', 'v1', [LAYER])
  })

  it('getnora-io/nora#584: deletes an object late, when the same bytes have been pushed again', async () => {
    const world = createMomentous()
    const { before, collect, registry } = world
    await forget(world, 'p/a', await push(registry, 'p/a', 'v1', [LAYER]))
    const [isStuck, mayGoOn] = [
      Promise.withResolvers<undefined>(),
      Promise.withResolvers<undefined>(),
    ]
    const oid = await world.oidOf(digestOf(LAYER))
    before('deleteMany', [oid], async () => {
      isStuck.resolve(undefined)
      await mayGoOn.promise
    })
    const first = collect(8)
    await isStuck.promise
    await push(registry, 'p/a', 'again', [LAYER])
    await collect(8)
    mayGoOn.resolve(undefined)
    await first
    await expectWhole(registry, 'p/a', 'again', [LAYER])
    expect(await world.oidOf(digestOf(LAYER))).not.toBe(oid)
  })
})
