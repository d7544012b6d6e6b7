import { describe, expect, it } from 'vitest'
import { bucketKey } from '../../../shared/bucket.ts'
import { digestOf } from '../../../shared/oci/digest.ts'
import { key } from '../../../shared/table.ts'
import { imageJson, pushBlob, putManifest } from '../../support/app.ts'
import { createAudited } from '../../support/audited.ts'

const one = digestOf('one')

const statusOf = async (
  { registry }: Awaited<ReturnType<typeof createAudited>>,
  repository: string,
): Promise<number> =>
  (await registry.app.request(`/v2/${repository}/blobs/${one}`, { method: 'HEAD' })).status

/** The only bytes of a blob are gone, and an audit and a collection have been there. */
const lose = async () => {
  const audited = await createAudited()
  audited.world.bucket.remove(bucketKey.object(audited.oidOf('one')))
  const found = await audited.audit()
  expect(found.map(({ blob, kind }) => [kind, blob])).toEqual([['blobWithoutBytes', one]])
  await audited.collect()
  return audited
}

describe('a blob whose bytes are lost', () => {
  it('is there for nobody who asks for it, so that whoever has it sends it', async () => {
    const audited = await lose()
    const { ask, registry, world } = audited
    for (const repository of ['p/a', 'q/b']) {
      expect(await statusOf(audited, repository)).toBe(404)
      expect(await ask(`${repository}/blobs/${one}`)).toBe(404)
    }
    const mount = `/v2/p/c/blobs/uploads/?mount=${one}&from=p/a`
    expect((await registry.app.request(mount, { method: 'POST' })).status).toBe(202)
    const another = imageJson('{}', ['one'], { annotations: { another: 'image' } })
    const refused = await putManifest(registry, 'p/a', 'another', another)
    expect([refused.status, await refused.text()]).toEqual([
      404,
      expect.stringContaining('MANIFEST_BLOB_UNKNOWN'),
    ])
    // Whatever holds it holds it still.
    await audited.collect(6)
    expect(world.table.get(key.blob(one))).toBeDefined()
    expect((await audited.audit()).map(({ kind }) => kind)).toEqual(['blobWithoutBytes'])
  })

  it.each(['p/a', 'q/b', 'new/repository'])(
    'is whole for everybody again once it is pushed to %s',
    async (repository) => {
      const audited = await lose()
      const before = audited.oidOf('one')
      await pushBlob(audited.registry, repository, 'one')
      expect(audited.oidOf('one')).not.toBe(before)
      for (const each of ['p/a', 'q/b', repository]) {
        expect(await statusOf(audited, each)).toBe(200)
      }
      const reviews = audited.world.table.items().filter(({ type }) => type === 'BLOB_REVIEW')
      expect(reviews.map(({ digest }) => digest)).toContain(one)
      expect(audited.broken()).toEqual([])
      const image = imageJson('{}', ['one'])
      await pushBlob(audited.registry, repository, '{}')
      expect((await putManifest(audited.registry, repository, 'v2', image)).status).toBe(201)
      await audited.collect(6)
      expect(await audited.audit()).toEqual([])
      expect(audited.broken()).toEqual([])
      expect(audited.world.table.get(key.object(before))).toBeUndefined()
    },
  )

  it('is whole again when its bytes are found, and the next audit sees them', async () => {
    const audited = await lose()
    audited.world.bucket.put(bucketKey.object(audited.oidOf('one')), Buffer.from('one'), true)
    expect(await statusOf(audited, 'p/a')).toBe(404)
    expect((await audited.audit()).map(({ kind }) => kind)).toEqual(['bytesAreBack'])
    await audited.collect()
    expect(await statusOf(audited, 'p/a')).toBe(200)
    expect(await audited.audit()).toEqual([])
  })

  it('goes as any other when nobody holds it any more', async () => {
    const audited = await lose()
    const { ask, manifests, world } = audited
    for (const digest of [manifests.about, manifests.image, manifests.large]) {
      expect(await ask(`p/a/manifests/${digest}`, 'DELETE')).toBe(202)
    }
    expect(await ask('q/b/manifests/v1', 'DELETE')).toBe(202)
    await audited.collect(8, true)
    expect(world.table.get(key.blob(one))).toBeUndefined()
    expect(await audited.audit()).toEqual([])
    expect(audited.broken()).toEqual([])
  })

  it('or are others is found out by reading some, is marked, stays so, and heals', async () => {
    const audited = await createAudited()
    const name = bucketKey.object(audited.oidOf('one'))
    audited.world.bucket.remove(name)
    audited.world.bucket.put(name, Buffer.from('two'), true)
    expect(await audited.audit()).toEqual([])
    const everything = () => ({ oneIn: 1, bytesLeft: 1_000_000 })
    expect(await audited.audit({ sample: { oneIn: 1, bytesLeft: 2 } })).toEqual([])
    const found = await audited.audit({ sample: everything() })
    expect(found.map(({ blob, kind }) => [kind, blob])).toEqual([['blobOfOtherBytes', one]])
    await audited.collect()
    expect(await statusOf(audited, 'p/a')).toBe(404)
    const kinds = (await audited.audit({ sample: everything() })).map(({ kind }) => kind)
    expect(kinds).toEqual(['blobWithoutBytes'])
    await pushBlob(audited.registry, 'p/a', 'one')
    await audited.collect(3)
    expect(await statusOf(audited, 'q/b')).toBe(200)
    expect(await audited.audit({ sample: everything() })).toEqual([])
    expect(audited.broken()).toEqual([])
  })
})
