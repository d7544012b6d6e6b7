import { expect, it } from 'vitest'
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
