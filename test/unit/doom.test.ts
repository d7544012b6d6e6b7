import { expect, it } from 'vitest'
import { bucketKey } from '../../shared/bucket.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { enqueue } from '../../shared/tasks/tasks.ts'
import { pushImage } from '../support/app.ts'
import { createCollectedRegistry } from '../support/gc.ts'

it('the object of a blob is not deleted by a task that nobody should have written', async () => {
  const { ask, collect, context, oidOf, registry, troubles } = createCollectedRegistry()
  const { objects, store } = context
  await pushImage(registry, 'p/a', 'v1', ['one'])
  const digest = digestOf('one')
  const oid = await oidOf(digest)
  for (const size of [undefined, 3]) {
    await store.kv.write(enqueue(store.ids, 0, { type: 'OBJECT_DELETE', oid, size, digest }))
  }
  const { failed, tasks } = await collect(0)
  expect([tasks > 0, failed, troubles]).toEqual([true, 0, []])
  expect(await objects.head(bucketKey.object(oid))).toEqual({ sizeBytes: 3 })
  expect(await ask(`p/a/blobs/${digest}`)).toBe(200)
})
