import { expect, it } from 'vitest'
import { PortError, type BatchOperation } from '../../shared/ports.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { readProject } from '../../shared/projects/find.ts'
import { deleteRepository } from '../../shared/repositories/delete.ts'
import { readListed } from '../../shared/repositories/find.ts'
import { writeAll } from '../../shared/store/batch.ts'
import { key, prefix } from '../../shared/table.ts'
import { enqueue } from '../../shared/tasks/tasks.ts'
import { imageJson, indexJson, pushBlob, pushImage } from '../support/app.ts'
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

it('a tag of a manifest that is just going is found by its hold, whoever looks at that meanwhile', async () => {
  let dies = false
  const { ask, collect, context, registry } = createCollectedRegistry({
    requests: ({ kv }) => ({
      kv: {
        ...kv,
        // The process dies when the manifest is gone and its tags are not.
        query: async (query) => {
          if (
            dies &&
            query.sk !== undefined &&
            'prefix' in query.sk &&
            query.sk.prefix === prefix.holdingTags
          )
            throw new PortError('unavailable', 'simulated death')
          return await kv.query(query)
        },
      },
    }),
  })
  const digest = await pushImage(registry, 'p/a', 'v1', ['one'])
  const { store } = context
  const { pid, rid } = await context.repositories.forPush(parseRepositoryName('p/a'))
  const { pk } = key.manifest(rid, digest)
  const [hold] = (await store.kv.query({ pk, sk: { prefix: prefix.holdingTags }, read: 'strong' }))
    .items
  dies = true
  expect(await ask(`p/a/manifests/${digest}`, 'DELETE')).toBe(503)
  dies = false
  expect(await store.kv.get(key.manifest(rid, digest), 'strong')).toBeUndefined()
  await writeAll(store, [
    enqueue(store.ids, 0, { type: 'HOLDER_REVIEW', holderPk: pk, holderSk: hold?.sk ?? '', pid }),
  ])
  await collect(8)
  expect(
    await store.kv.query({ pk: key.tagsOf(rid), sk: { prefix: prefix.tags }, read: 'strong' }),
  ).toMatchObject({ items: [] })
  expect(await ask('p/a/manifests/v1')).toBe(404)
})

it('a deleted repository waits for the push that holds what is in it, and does not look all the while', async () => {
  const { ask, collect, context, registry, troubles } = createCollectedRegistry()
  const digest = await pushImage(registry, 'p/a', 'v1', ['one'])
  await pushThatDies(context, 'p/a', 'all', indexJson([imageJson('{}', ['one'])]))
  const { store } = context
  const name = parseRepositoryName('p/a')
  const { rid } = await context.repositories.forPush(name)
  const project = await readProject(store, { name: name.project })
  await deleteRepository(context, await readListed(store, project, name.path))
  // It comes to an end although nothing can go yet.
  await collect(0)
  expect(await store.kv.get(key.manifest(rid, digest), 'strong')).toBeDefined()
  await collect(8)
  expect(await store.kv.get(key.manifest(rid, digest), 'strong')).toBeUndefined()
  expect(await ask(`p/a/blobs/${digestOf('one')}`)).toBe(404)
  expect(troubles).toEqual([])
})
