import { expect, it } from 'vitest'
import { PortError, type BatchOperation } from '../../shared/ports.ts'
import { digestOf } from '../../shared/oci/digest.ts'
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

it('a hold of a tag that comes once more when the tag is deleted keeps nothing for ever', async () => {
  let late: readonly BatchOperation[] | undefined
  const isHold = (operation: BatchOperation): boolean =>
    operation.op === 'put' && operation.item.sk.startsWith('HELD#TAG#')
  const { ask, collect, context, registry } = createCollectedRegistry({
    requests: ({ kv }) => ({
      kv: {
        ...kv,
        // The answer gets lost, and so does the call itself, for a while.
        batchWrite: async (operations) => {
          if (late !== undefined || !operations.some(isHold)) return await kv.batchWrite(operations)
          late = operations.filter(isHold)
          throw new PortError('unknown', 'simulated loss of the answer')
        },
      },
    }),
  })
  const digest = await pushImage(registry, 'p/a', 'v1', ['one'])
  expect(await ask('p/a/manifests/v1', 'DELETE')).toBe(202)
  expect(late).toHaveLength(1)
  await context.store.kv.batchWrite(late ?? [])
  await collect(8, true)
  expect(await ask(`p/a/manifests/${digest}`)).toBe(404)
  expect(await ask(`p/a/blobs/${digestOf('one')}`)).toBe(404)
})
