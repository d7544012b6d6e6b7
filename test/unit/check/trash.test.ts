import { describe, expect, it } from 'vitest'
import { bucketKey } from '../../../shared/bucket.ts'
import { digestOf } from '../../../shared/oci/digest.ts'
import { key } from '../../../shared/table.ts'
import { deleteObjects } from '../../../shared/gc/delete-objects.ts'
import { repairManifest } from '../../../shared/gc/repair-manifest.ts'
import { parseTask } from '../../../shared/tasks/parse.ts'
import { enqueue } from '../../../shared/tasks/tasks.ts'
import { createRegistry } from '../../simulation/registry.ts'
import { gcOf } from '../../simulation/worker.ts'
import { createAudited, type Audited } from '../../support/audited.ts'

const two = digestOf('two')
const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS

/** A collection that was wrong: a blob that a manifest needs is in the trash, and nothing holds it. */
const collectWrongly = async (): Promise<Audited> => {
  const audited = await createAudited()
  const { collect, world } = audited
  const partition = key.blob(two).pk
  for (const { pk, sk } of world.table.items()) {
    if (pk === partition && sk.includes('#MANIFEST#')) world.table.set({ pk, sk }, undefined)
  }
  const { store } = audited.context
  await store.kv.write(
    enqueue(store.ids, store.clock.now(), {
      ...{ type: 'LINK_REVIEW', digest: two, pid: audited.repository.pid },
    }),
  )
  await collect()
  world.pass(2 * HOUR_MS)
  await collect()
  expect(world.table.get(key.blob(two))).toBeUndefined()
  expect(audited.broken().join()).toContain(two)
  return audited
}

const deletion = ({ world }: Audited) => {
  const item = world.table
    .items()
    .find(({ digest, type }) => type === 'OBJECT_DELETE' && digest === two)
  const queued = item && parseTask(item)
  if (queued?.task.type !== 'OBJECT_DELETE') throw new Error('nothing is in the trash')
  return queued.task
}

const repair = async (audited: Audited) => {
  const item = audited.world.table
    .items()
    .find(({ oid, type }) => type === 'MANIFEST_REPAIR' && oid !== undefined)
  const queued = item && parseTask(item)
  if (queued?.task.type !== 'MANIFEST_REPAIR' || queued.task.oid === undefined) {
    throw new Error('nothing is to be brought back')
  }
  return await repairManifest(
    gcOf(createRegistry(audited.world.startProcess())),
    queued.task,
    queued,
  )
}

describe('a blob that was collected wrongly', () => {
  it('is brought back out of the trash, and stays', async () => {
    const audited = await collectWrongly()
    const found = await audited.audit()
    expect(found.map(({ kind }) => kind).sort()).toEqual(['blobInTrash', 'childNotHeld'])
    expect(found.every(({ isMended }) => isMended)).toBe(true)
    await audited.collect()
    expect(audited.broken()).toEqual([])
    expect(await audited.ask(`p/a/blobs/${two}`)).toBe(200)
    await audited.collect(6)
    expect(await audited.ask(`p/a/blobs/${two}`)).toBe(200)
    expect(audited.broken()).toEqual([])
    expect(await audited.audit()).toEqual([])
  })

  it('is lost, and found to be, when the trash was emptied before', async () => {
    const audited = await collectWrongly()
    await audited.collect(3)
    const kinds = (await audited.audit()).map(({ kind }) => kind)
    expect(kinds.sort()).toEqual(['blobWithoutRecord', 'childNotHeld'])
  })

  it('is not deleted by who looked at it in the trash before it was brought back', async () => {
    const audited = await collectWrongly()
    await audited.audit()
    const task = deletion(audited)
    audited.world.pass(DAY_MS)
    const { process, context } = createRegistry(audited.world.startProcess())
    // Reads that the object is doomed, and is held up before it does anything about it.
    const reached = Promise.withResolvers<undefined>()
    const goOn = Promise.withResolvers<undefined>()
    const slow = {
      ...process.kv,
      write: async (operation: Parameters<typeof process.kv.write>[0]) => {
        reached.resolve(undefined)
        await goOn.promise
        return await process.kv.write(operation)
      },
    }
    const store = { ...context.store, kv: slow }
    const gc = { ...gcOf({ ...createRegistry(process) }), context: { ...context, store } }
    const deleting = deleteObjects(gc, [task])
    await reached.promise
    await repair(audited)
    goOn.resolve(undefined)
    expect(await deleting).toEqual(['done'])
    expect(audited.world.bucket.objects.has(bucketKey.object(task.oid))).toBe(true)
    expect(audited.broken()).toEqual([])
    expect(await audited.ask(`p/a/blobs/${two}`)).toBe(200)
  })

  it('is not brought back by who looked at it before somebody began to delete it', async () => {
    const audited = await collectWrongly()
    await audited.audit()
    const task = deletion(audited)
    const { world } = audited
    world.pass(DAY_MS)
    const gc = gcOf(createRegistry(world.startProcess()))
    // Has shut the way back, and dies.
    const dying = {
      ...gc.context.objects,
      deleteMany: async () => await Promise.reject(new Error('dies')),
    }
    const context = { ...gc.context, objects: dying }
    await expect(deleteObjects({ ...gc, context }, [task])).rejects.toThrow('dies')
    await repair(audited)
    expect(world.table.get(key.blob(two))).toBeUndefined()
    expect(world.table.get(key.object(task.oid))).toMatchObject({ state: 'DOOM' })
    await audited.collect(3)
    expect(world.bucket.objects.has(bucketKey.object(task.oid))).toBe(false)
    expect((await audited.audit()).map(({ kind }) => kind)).toEqual(['blobWithoutRecord'])
  })
})
