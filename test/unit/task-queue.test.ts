import { describe, expect, it } from 'vitest'
import { digestOf } from '../../shared/oci/digest.ts'
import type { Item, Kv } from '../../shared/ports.ts'
import { taskShards } from '../../shared/table.ts'
import {
  createTestApp,
  imageJson,
  indexJson,
  pushBlob,
  pushImage,
  putManifest,
} from '../support/app.ts'

const tasksOf = async (kv: Kv): Promise<readonly Item[]> => {
  const pages = await Promise.all(
    taskShards().map(async (pk) => await kv.query({ pk, read: 'strong' })),
  )
  return pages.flatMap(({ items }) => items)
}

/** What the queue gained by a step of a history: types with their subjects, in alphabetical order. */
const createHistory = () => {
  const registry = createTestApp()
  const seen = new Set<string>()
  const gained = async (): Promise<string[]> => {
    const fresh = (await tasksOf(registry.kv)).filter(({ sk }) => !seen.has(sk))
    for (const { sk } of fresh) seen.add(sk)
    return fresh
      .map(
        ({ type, digest, oid }) =>
          `${String(type)} ${typeof digest === 'string' ? digest : typeof oid === 'string' ? 'object' : ''}`,
      )
      .sort()
  }
  const request = async (path: string, method: string) =>
    (await registry.app.request(path, { method })).status
  return { registry, gained, request }
}

describe('the queue of a history', () => {
  it('has one review for an upload that is begun, and an object to delete when it is cancelled', async () => {
    const { registry, gained, request } = createHistory()
    const started = await registry.app.request('/v2/p/a/blobs/uploads/', { method: 'POST' })
    expect(await gained()).toEqual(['UPLOAD_REVIEW object'])
    expect(await request(started.headers.get('Location') ?? '', 'DELETE')).toBe(204)
    expect(await gained()).toEqual(['OBJECT_DELETE object'])
  })

  it('has a review for the lease of a new blob, and gives up the object of one that was there', async () => {
    const { registry, gained } = createHistory()
    const digest = await pushBlob(registry, 'p/a', 'one')
    expect(await gained()).toEqual([`LINK_REVIEW ${digest}`, 'UPLOAD_REVIEW object'])
    await pushBlob(registry, 'p/b', 'one')
    expect(await gained()).toEqual([
      `LINK_REVIEW ${digest}`,
      'OBJECT_DELETE object',
      'UPLOAD_REVIEW object',
    ])
  })

  it('has a review for the intent of a push, and one for the manifest when no tag holds it', async () => {
    const { registry, gained } = createHistory()
    const tagged = await pushImage(registry, 'p/a', 'v1', [])
    expect(await gained()).toContain(`INTENT_REVIEW ${tagged}`)
    const json = imageJson('{}', [], { annotations: { a: 'b' } })
    const untagged = digestOf(json)
    await putManifest(registry, 'p/a', untagged, json)
    expect(await gained()).toEqual([`INTENT_REVIEW ${untagged}`, `MANIFEST_REVIEW ${untagged}`])
  })

  it('has nothing new when the same tag is pushed again, and a review of the manifest that a tag leaves', async () => {
    const { registry, gained } = createHistory()
    const first = await pushImage(registry, 'p/a', 'v1', [])
    await gained()
    await putManifest(registry, 'p/a', 'v1', imageJson('{}', []))
    expect(await gained()).toEqual([])
    const json = imageJson('{}', [], { annotations: { a: 'b' } })
    await putManifest(registry, 'p/a', 'v1', json)
    expect(await gained()).toEqual([`INTENT_REVIEW ${digestOf(json)}`, `MANIFEST_REVIEW ${first}`])
  })

  it('has a review for a deleted tag, a tombstone for a deleted manifest, a review for a deleted blob, and an end of the trash', async () => {
    const { registry, gained, request } = createHistory()
    const digest = await pushImage(registry, 'p/a', 'v1', ['one'])
    await gained()
    expect(await request('/v2/p/a/manifests/v1', 'DELETE')).toBe(202)
    expect(await gained()).toEqual([`MANIFEST_REVIEW ${digest}`, 'TRASH_END '])
    expect(await request(`/v2/p/a/manifests/${digest}`, 'DELETE')).toBe(202)
    expect(await gained()).toEqual([`TOMBSTONE ${digest}`, 'TRASH_END '])
    expect(await request(`/v2/p/a/blobs/${digestOf('one')}`, 'DELETE')).toBe(202)
    expect(await gained()).toEqual([`LINK_REVIEW ${digestOf('one')}`])
  })

  it('has a look at how the parts of an index are listed, and at each that is listed elsewhere then', async () => {
    const { registry, gained, request } = createHistory()
    const part = imageJson('{}', [])
    await pushImage(registry, 'p/a', digestOf(part), [])
    await gained()
    const whole = digestOf(indexJson([part]))
    await putManifest(registry, 'p/a', 'all', indexJson([part]))
    const moved = `LISTING_REVIEW ${digestOf(part)}`
    expect(await gained()).toEqual([
      `INTENT_REVIEW ${whole}`,
      ...[moved, `LISTING_REVIEW ${whole}`].sort(),
    ])
    // One by the tag, which may be all that is done, and one by the move that follows.
    await putManifest(registry, 'p/a', 'v1', part)
    expect(await gained()).toEqual([moved, moved])
    await putManifest(registry, 'p/a', 'v2', part)
    expect(await gained()).toEqual([])
    await request('/v2/p/a/manifests/v1', 'DELETE')
    expect(await gained()).toEqual([`MANIFEST_REVIEW ${digestOf(part)}`, 'TRASH_END '])
  })

  it('has a tombstone for a push that failed after it was begun', async () => {
    const { registry, gained } = createHistory()
    await pushImage(registry, 'p/a', 'v1', [])
    await gained()
    const json = indexJson([imageJson('{}', ['never pushed'])])
    expect((await putManifest(registry, 'p/a', 'v2', json)).status).toBe(404)
    const digest = digestOf(json)
    expect(await gained()).toEqual([`INTENT_REVIEW ${digest}`, `TOMBSTONE ${digest}`])
  })
})
