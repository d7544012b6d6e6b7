import { expect, it } from 'vitest'
import { condemn, removal } from '../../shared/guards/collect.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { parseReference } from '../../shared/oci/reference.ts'
import { putManifest } from '../../shared/registry/manifests/put.ts'
import { key } from '../../shared/table.ts'
import { imageJson, pushBlob } from '../support/app.ts'
import { createCollectedRegistry } from '../support/gc.ts'

const NAME = parseRepositoryName('p/a')

/** A collector has condemned a guard and seen no holder; before it comes to the end a manifest is pushed. */
it.each(['blob', 'link'] as const)('a manifest rescues the %s of its layer', async (kind) => {
  const { context, registry } = createCollectedRegistry()
  const { store, repositories } = context
  for (const content of ['{}', 'layer']) await pushBlob(registry, 'p/a', content)
  const { pid } = (await repositories.existing(NAME)) ?? {}
  if (pid === undefined) throw new Error('there is no repository')
  const layer = digestOf('layer')
  const guard = await condemn(store, kind === 'blob' ? key.blob(layer) : key.link(layer, pid))
  if (guard === undefined) throw new Error(`there is no ${kind}`)
  const bytes = Buffer.from(imageJson('{}', ['layer']))
  await putManifest(context, NAME, {
    ...{ reference: parseReference('v1'), tags: [], bytes, contentType: undefined },
  })
  expect((await store.kv.transact([removal(guard)], store.ids.next())).done).toBe(false)
})
