import { describe, expect, it } from 'vitest'
import { bucketKey } from '../../../shared/bucket.ts'
import { digestOf } from '../../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../../shared/oci/name.ts'
import { setStorageLimit } from '../../../shared/quota/limit.ts'
import { putManifest } from '../../../shared/registry/manifests/put.ts'
import { key, trashOf } from '../../../shared/table.ts'
import { listTrash } from '../../../shared/trash/list.ts'
import { imageJson, pushImage } from '../../support/app.ts'
import { createAudited, type Audited } from '../../support/audited.ts'
import { undeleteIn } from '../../support/trash.ts'

const HOUR_MS = 60 * 60_000
const one = digestOf('one')
const two = digestOf('two')

const remove = async ({ ask }: Audited, reference: string): Promise<void> => {
  expect(await ask(`p/a/manifests/${reference}`, 'DELETE')).toBe(202)
}

/** Works everything off for some hours, so that blobs are in the trash and their images can still be brought back. */
const collectFor = async (audited: Audited, hours: number, deleteUntagged = false) => {
  await audited.collect(0, deleteUntagged)
  for (let hour = 0; hour < hours; hour += 1) {
    audited.world.pass(HOUR_MS)
    await audited.collect(0, deleteUntagged)
  }
}

const isWhole = async (audited: Audited, ...references: readonly string[]): Promise<void> => {
  expect(audited.broken()).toEqual([])
  for (const reference of references) {
    expect(await audited.ask(`p/a/${reference}`), reference).toBe(200)
  }
  expect(await audited.audit()).toEqual([])
}

const listed = async ({ context, repository }: Audited) => {
  const { entries } = await listTrash(context.store, repository.pid, parseRepositoryName('p/a'), {
    limit: 100,
  })
  return entries.map(({ digest, tag }) => tag ?? digest)
}

describe('an image that was deleted', () => {
  it('is brought back with its layers out of the trash, and stays', async () => {
    const audited = await createAudited()
    const { image } = audited.manifests
    await remove(audited, image)
    await collectFor(audited, 3)
    expect(audited.world.table.get(key.blob(two))).toBeUndefined()
    expect(await listed(audited)).toEqual(expect.arrayContaining([image, 'v1']))
    expect(await undeleteIn(audited.context, 'p/a', image)).toEqual({
      ...{ digest: image, tags: [], restored: [image] },
    })
    const all = [`manifests/${image}`, `blobs/${one}`, `blobs/${two}`]
    await isWhole(audited, ...all)
    expect(await audited.ask('p/a/manifests/v1')).toBe(404)
    expect(await listed(audited)).toEqual(['v1'])
    await audited.collect(6)
    await isWhole(audited, ...all)
    expect(
      audited.world.table.sortKeys(trashOf(audited.repository.rid)).filter(isThere(audited)),
    ).toEqual([])
  })

  it('is brought back by the tag that led to it, with others if asked', async () => {
    const audited = await createAudited()
    await remove(audited, audited.manifests.image)
    await collectFor(audited, 3)
    const { tags } = await undeleteIn(audited.context, 'p/a', 'v1', ['again', 'v1'])
    expect(tags).toEqual(['v1', 'again'])
    await isWhole(audited, 'manifests/v1', 'manifests/again', `blobs/${two}`)
  })

  it('is brought back when its body lies in the bucket', async () => {
    const audited = await createAudited()
    const { large } = audited.manifests
    await remove(audited, large)
    await collectFor(audited, 23)
    const before = await audited.registry.app.request(`/v2/p/a/manifests/${large}`)
    expect(before.status).toBe(404)
    await undeleteIn(audited.context, 'p/a', 'large')
    await isWhole(audited, 'manifests/large', `blobs/${digestOf('large')}`)
    await audited.collect(6)
    await isWhole(audited, 'manifests/large', `blobs/${digestOf('large')}`)
  })

  it('is brought back when only its tag was deleted, and then it was collected', async () => {
    const audited = await createAudited()
    const { image } = audited.manifests
    await remove(audited, 'v1')
    await collectFor(audited, 3, true)
    expect(await audited.ask(`p/a/manifests/${image}`)).toBe(404)
    const { restored } = await undeleteIn(audited.context, 'p/a', 'v1')
    expect(restored).toEqual([image])
    await isWhole(audited, 'manifests/v1', `blobs/${two}`)
  })

  it('gets its tag again when only that was deleted', async () => {
    const audited = await createAudited()
    await remove(audited, 'v1')
    expect(await listed(audited)).toEqual(['v1'])
    const { restored } = await undeleteIn(audited.context, 'p/a', 'v1')
    expect(restored).toEqual([])
    await isWhole(audited, 'manifests/v1')
    expect(await listed(audited)).toEqual([])
  })

  it('is brought back with the parts of an index, which went with it', async () => {
    const audited = await createAudited()
    const { index, part } = audited.manifests
    await remove(audited, 'index')
    await collectFor(audited, 5, true)
    expect(await audited.ask(`p/a/manifests/${part}`)).toBe(404)
    const { restored } = await undeleteIn(audited.context, 'p/a', index, ['all'])
    expect(restored).toEqual([part, index])
    await isWhole(audited, 'manifests/all', `manifests/${part}`, `blobs/${digestOf('part')}`)
  })

  it('is brought back once, however often it is asked for', async () => {
    const audited = await createAudited()
    const { image } = audited.manifests
    await remove(audited, image)
    await undeleteIn(audited.context, 'p/a', image)
    const { restored } = await undeleteIn(audited.context, 'p/a', image, ['v1'])
    expect(restored).toEqual([])
    await isWhole(audited, 'manifests/v1')
  })

  it('is gone when the trash is emptied, and so is every trace of it', async () => {
    const audited = await createAudited()
    const { image } = audited.manifests
    await remove(audited, image)
    await collectFor(audited, 30)
    for (const reference of [image, 'v1', 'never']) {
      await expect(undeleteIn(audited.context, 'p/a', reference)).rejects.toThrow(
        'is not in the trash, or not any more',
      )
    }
    const { table } = audited.world
    expect(
      table.items().filter(({ pk, sk }) => pk.startsWith('TRASH#') || sk.startsWith('TRASH#')),
    ).toEqual([])
    await isWhole(audited)
  })

  it('is not brought back by halves', async () => {
    const audited = await createAudited()
    const { image, index } = audited.manifests
    const oid = audited.oidOf('two')
    for (const reference of [image, 'index']) await remove(audited, reference)
    await collectFor(audited, 5, true)
    audited.world.bucket.remove(bucketKey.object(oid))
    await expect(undeleteIn(audited.context, 'p/a', image)).rejects.toThrow(
      `the trash does not have ${two} any more`,
    )
    const { rid } = audited.repository
    audited.world.table.set(key.trashedManifest(rid, audited.manifests.part), undefined)
    const before = audited.world.table.changes()
    await expect(undeleteIn(audited.context, 'p/a', index)).rejects.toThrow('any more')
    expect(audited.world.table.changes()).toBe(before)
    expect(await audited.ask(`p/a/manifests/${image}`)).toBe(404)
  })

  it('does not take a tag from another one', async () => {
    const audited = await createAudited()
    const { image } = audited.manifests
    await remove(audited, image)
    await pushImage(audited.registry, 'p/a', 'v1', ['other'])
    await collectFor(audited, 3)
    expect(await listed(audited)).toEqual([image])
    const before = audited.world.table.changes()
    await expect(undeleteIn(audited.context, 'p/a', image, ['v1'])).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    expect(audited.world.table.changes()).toBe(before)
  })

  it('is brought back only where there is room, and nothing is held otherwise', async () => {
    const audited = await createAudited()
    const { image } = audited.manifests
    const { pid } = audited.repository
    await remove(audited, image)
    await collectFor(audited, 3)
    const { store } = audited.context
    await setStorageLimit(store, pid, 20)
    const before = audited.world.table.changes()
    await expect(undeleteIn(audited.context, 'p/a', image)).rejects.toMatchObject({
      ...{ code: 'DENIED', status: 403 },
    })
    expect(audited.world.table.changes()).toBe(before)
    await setStorageLimit(store, pid, 1_000)
    await undeleteIn(audited.context, 'p/a', image)
    await isWhole(audited, `manifests/${image}`)
  })

  it('is not listed twice when it was deleted twice', async () => {
    const audited = await createAudited()
    const { image } = audited.manifests
    await remove(audited, image)
    audited.world.pass(HOUR_MS)
    await undeleteIn(audited.context, 'p/a', image)
    await remove(audited, image)
    expect((await listed(audited)).filter((what) => what === image)).toEqual([image])
    // The end of the first one leaves the second.
    await collectFor(audited, 23)
    audited.world.pass(HOUR_MS / 2)
    await audited.collect()
    await undeleteIn(audited.context, 'p/a', image)
    await isWhole(audited, `manifests/${image}`, `blobs/${two}`)
  })
})

const isThere =
  ({ repository, world }: Audited) =>
  (sk: string): boolean =>
    world.table.get({ pk: trashOf(repository.rid), sk }) !== undefined

describe('a manifest that refers to what its project never had', () => {
  it('gives nobody that when it is brought back', async () => {
    const audited = await createAudited()
    const { context, registry } = audited
    const sparse = { ...context, allowSparse: true }
    // Of another project, and nobody here ever had it.
    const secret = digestOf('other')
    const json = imageJson('{}', ['other'])
    const digest = digestOf(json)
    await putManifest(sparse, parseRepositoryName('p/a'), {
      reference: { kind: 'digest', digest },
      ...{ tags: [], bytes: Buffer.from(json), contentType: undefined },
    })
    expect(await audited.ask(`p/a/blobs/${secret}`)).toBe(404)
    await remove(audited, digest)
    const { restored } = await undeleteIn(sparse, 'p/a', digest)
    expect(restored).toEqual([digest])
    expect(await audited.ask(`p/a/manifests/${digest}`)).toBe(200)
    expect(await audited.ask(`p/a/blobs/${secret}`)).toBe(404)
    expect(audited.world.table.get(key.link(secret, audited.repository.pid))).toBeUndefined()
    // It comes back as it was where such manifests are not pushed any more.
    await remove(audited, digest)
    await undeleteIn(context, 'p/a', digest)
    expect(await audited.ask(`p/a/blobs/${secret}`)).toBe(404)
    expect(registry.failures).toEqual([])
  })
})
