import { describe, expect, it } from 'vitest'
import { bucketKey } from '../../shared/bucket.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { PortError, type Objects } from '../../shared/ports.ts'
import { readQuota } from '../../shared/quota/read.ts'
import { key, SCHEMA_VERSION, type ObjectId } from '../../shared/table.ts'
import { enqueue } from '../../shared/tasks/tasks.ts'
import { imageJson, indexJson, pushBlob, pushImage, putManifest } from '../support/app.ts'
import { createCollectedRegistry } from '../support/gc.ts'

/** `change`: of the bucket, as the worker sees it. */
const start = (change: (objects: Objects) => Partial<Objects> = () => ({})) => {
  const { context, ...world } = createCollectedRegistry({
    worker: ({ objects }) => ({ objects: { ...objects, ...change(objects) } }),
  })
  return { ...context, ...world }
}

describe('garbage collection', () => {
  it('deletes what a deleted image held, gives the quota back and says so in the log', async () => {
    const { ask, collect, deleted, log, objects, oidOf, registry, repositories, store } = start()
    const digest = await pushImage(registry, 'p/a', 'v1', ['one', 'two'])
    await pushImage(registry, 'p/a', 'v2', ['two', 'three'])
    const oid = await oidOf(digestOf('one'))
    expect(await ask(`p/a/manifests/${digest}`, 'DELETE')).toBe(202)
    await collect(5)
    expect(await ask(`p/a/blobs/${digestOf('one')}`)).toBe(404)
    expect(await ask(`p/a/blobs/${digestOf('two')}`)).toBe(200)
    expect(await objects.head(bucketKey.object(oid))).toBeUndefined()
    const { pid } = await repositories.forPush(parseRepositoryName('p/a'))
    const left = '{}two' + 'three'
    expect(await readQuota(store, pid)).toMatchObject({ usedBytes: left.length })
    const lines = await log()
    // What was sent twice was stored twice for a moment.
    const twice = lines.filter(({ digest }) => digest === undefined)
    expect(twice.map(({ sizeBytes }) => sizeBytes).toSorted()).toEqual([2, 3])
    expect(lines.filter(({ digest }) => digest !== undefined)).toMatchObject([
      { what: 'link', pid, digest: digestOf('one'), sizeBytes: 3 },
      { what: 'blob', digest: digestOf('one'), sizeBytes: 3 },
      { what: 'object', oid, digest: digestOf('one'), sizeBytes: 3 },
    ])
    expect(deleted).toHaveLength(lines.length)
  })

  it('leaves untagged manifests until somebody wants them gone, and the parts of an index with it', async () => {
    const { ask, collect, registry } = start()
    const part = imageJson('{}', ['part'])
    for (const content of ['{}', 'part']) await pushBlob(registry, 'p/a', content)
    expect((await putManifest(registry, 'p/a', digestOf(part), part)).status).toBe(201)
    expect((await putManifest(registry, 'p/a', 'all', indexJson([part]))).status).toBe(201)
    const old = await pushImage(registry, 'p/a', 'latest', ['old'])
    await pushImage(registry, 'p/a', 'latest', ['new'])
    await collect(3)
    expect(await ask(`p/a/manifests/${old}`)).toBe(200)
    await collect(3, true)
    expect(await ask(`p/a/manifests/${old}`)).toBe(404)
    expect(await ask(`p/a/manifests/${digestOf(part)}`)).toBe(200)
    expect(await ask('p/a/manifests/all', 'DELETE')).toBe(202)
    await collect(3, true)
    expect(await ask(`p/a/manifests/${digestOf(part)}`)).toBe(404)
    expect(await ask('p/a/manifests/latest')).toBe(200)
  })

  it('takes referrers along with their subject, but not one that a tag holds', async () => {
    const { ask, collect, registry } = start()
    const subject = await pushImage(registry, 'p/a', 'v1', ['one'])
    const about = (content: string) =>
      imageJson('{}', [content], {
        subject: {
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          digest: subject,
          size: imageJson('{}', ['one']).length,
        },
      })
    for (const content of ['loose', 'tagged']) await pushBlob(registry, 'p/a', content)
    const [loose, tagged] = [about('loose'), about('tagged')]
    expect((await putManifest(registry, 'p/a', digestOf(loose), loose)).status).toBe(201)
    expect((await putManifest(registry, 'p/a', 'kept', tagged)).status).toBe(201)
    await collect(3)
    expect(await ask(`p/a/manifests/${digestOf(loose)}`)).toBe(200)
    expect(await ask(`p/a/manifests/${subject}`, 'DELETE')).toBe(202)
    await collect(3)
    expect(await ask(`p/a/manifests/${digestOf(loose)}`)).toBe(404)
    expect(await ask(`p/a/manifests/${digestOf(tagged)}`)).toBe(200)
  })

  it('tries again what fails, and does not believe a bucket that says it deleted what is there', async () => {
    let isLying = true
    const { ask, collect, objects, oidOf, registry, troubles } = start((real) => ({
      deleteMany: async (keys) => {
        if (!isLying) return await real.deleteMany(keys)
        isLying = false
        return []
      },
    }))
    const digest = await pushImage(registry, 'p/a', 'v1', ['one'])
    const oid = await oidOf(digestOf('one'))
    await ask(`p/a/manifests/${digest}`, 'DELETE')
    await collect(8)
    expect(troubles).toEqual([])
    expect(await objects.head(bucketKey.object(oid))).toBeUndefined()
  })

  it('puts what fails and fails on a shelf, where it is tried once a day', async () => {
    const { ask, collect, registry, troubles } = start(() => ({
      deleteMany: () => Promise.reject(new PortError('unavailable', 'no bucket')),
    }))
    const digest = await pushImage(registry, 'p/a', 'v1', ['one'])
    await ask(`p/a/manifests/${digest}`, 'DELETE')
    await collect(30)
    const before = troubles.length
    await collect(1)
    const types = troubles.map((trouble) => trouble.slice(0, trouble.indexOf(':')))
    expect(new Set(types)).toEqual(new Set(['OBJECT_DELETE']))
    expect(troubles.length - before).toBeGreaterThan(0)
    expect(troubles.length - before).toBeLessThanOrEqual(2)
  })

  it('leaves alone what a newer version wrote, and says so', async () => {
    const { collect, store } = start()
    const task = enqueue(store.ids, 0, { type: 'BLOB_REVIEW', digest: digestOf('one') })
    const newer = { ...task, item: { ...task.item, v: SCHEMA_VERSION + 1 } }
    await store.kv.write(newer)
    expect(await collect(1)).toEqual({ tasks: 0, failed: 0, unknown: 1 })
    expect(await store.kv.get(task.item, 'strong')).toEqual(newer.item)
  })

  it('gives up uploads that nobody goes on with', async () => {
    const { collect, objects, registry, store } = start()
    const begun = await registry.app.request('/v2/p/a/blobs/uploads/', { method: 'POST' })
    const location = begun.headers.get('Location') ?? ''
    const body = Buffer.from('left behind')
    const headers = {
      'Content-Length': String(body.length),
      'Content-Range': `0-${body.length - 1}`,
    }
    expect((await registry.app.request(location, { method: 'PATCH', body, headers })).status).toBe(
      202,
    )
    const oid = (/uploads\/([a-z2-7]{26})/.exec(location)?.[1] ?? '') as ObjectId
    expect((await objects.list(bucketKey.tails(oid))).keys).toHaveLength(1)
    await collect(4)
    expect((await objects.list(bucketKey.tails(oid))).keys).toEqual([])
    expect(await store.kv.get(key.object(oid), 'strong')).toBeUndefined()
    expect((await registry.app.request(location)).status).toBe(404)
  })
})
