import { expect, it } from 'vitest'
import { digestOf } from '../../shared/oci/digest.ts'
import type { BatchOperation } from '../../shared/ports.ts'
import { imageJson, pushBlob, pushImage } from '../support/app.ts'
import { createCollectedRegistry, pushThatDies } from '../support/gc.ts'

it('a manifest is collected although a push that died was about to tag it', async () => {
  const { ask, collect, context, registry } = createCollectedRegistry()
  for (const content of ['{}', 'one']) await pushBlob(registry, 'p/a', content)
  const json = imageJson('{}', ['one'])
  await pushThatDies(context, 'p/a', 'v1', json)
  const digest = await pushImage(registry, 'p/a', digestOf(json), ['one'])
  // Its review finds the hold of the tag that never came.
  await collect(0, true)
  expect(await ask(`p/a/manifests/${digest}`)).toBe(200)
  await collect(8, true)
  expect(await ask(`p/a/manifests/${digest}`)).toBe(404)
  expect(await ask(`p/a/blobs/${digestOf('one')}`)).toBe(404)
})

it('a manifest is collected although what its push wrote was written once more when its tag had gone', async () => {
  const writes: (readonly BatchOperation[])[] = []
  const { ask, collect, context, registry } = createCollectedRegistry({
    requests: ({ kv }) => ({
      kv: {
        ...kv,
        batchWrite: async (operations) => {
          writes.push(operations)
          return await kv.batchWrite(operations)
        },
      },
    }),
  })
  for (const content of ['{}', 'one']) await pushBlob(registry, 'p/a', content)
  const digest = await pushImage(registry, 'p/a', 'v1', ['one'])
  const holds = writes.filter((operations) =>
    operations.some(
      (operation) => operation.op === 'put' && /^HELD#TAG#v1/.test(operation.item.sk),
    ),
  )
  expect(holds).toHaveLength(1)
  expect(await ask('p/a/manifests/v1', 'DELETE')).toBe(202)
  // Its answer had got lost; it was made again, and then came in spite of all.
  for (const operations of holds) await context.store.kv.batchWrite(operations)
  await collect(0, true)
  expect(await ask(`p/a/manifests/${digest}`)).toBe(200)
  await collect(8, true)
  expect(await ask(`p/a/manifests/${digest}`)).toBe(404)
  expect(await ask(`p/a/blobs/${digestOf('one')}`)).toBe(404)
})
