import { describe, expect, it, vi } from 'vitest'
import { digestOf } from '../../shared/oci/digest.ts'
import {
  createTestApp,
  imageJson,
  indexJson,
  pushBlob,
  pushImage,
  putManifest,
} from '../support/app.ts'
import { createCounter } from '../support/counter.ts'

const start = async () => {
  const counter = createCounter()
  const registry = createTestApp({ wrap: counter.wrap })
  const digest = await pushImage(registry, 'p/a', 'v1', ['one', 'two'])
  const { app } = registry
  const ask = async (path: string, init: RequestInit = {}) =>
    await counter.measure(async () => await app.request(path, init))
  return { ...counter, registry, digest, ask }
}

/** The table of budgets; the name of the repository is known to the process, as it is for all but its first pull. */
describe('round trips to the store', () => {
  it('are one for a manifest by digest, GET or HEAD', async () => {
    const { ask, digest } = await start()
    expect(await ask(`/v2/p/a/manifests/${digest}`)).toEqual([200, 1])
    expect(await ask(`/v2/p/a/manifests/${digest}`, { method: 'HEAD' })).toEqual([200, 1])
  })

  it('are two for a manifest by tag, GET or HEAD', async () => {
    const { ask } = await start()
    expect(await ask('/v2/p/a/manifests/v1')).toEqual([200, 2])
    expect(await ask('/v2/p/a/manifests/v1', { method: 'HEAD' })).toEqual([200, 2])
  })

  it('are one to find a blob, and one to open it where bytes are served here', async () => {
    const { ask } = await start()
    const path = `/v2/p/a/blobs/${digestOf('one')}`
    expect(await ask(path, { method: 'HEAD' })).toEqual([200, 1])
    expect(await ask(path)).toEqual([200, 2])
  })

  it('are four to delete a tag, and no more for what the trash keeps of a manifest', async () => {
    const { ask, digest } = await start()
    const remove = async (reference: string) =>
      await ask(`/v2/p/a/manifests/${reference}`, { method: 'DELETE' })
    expect(await remove('v1')).toEqual([202, 4])
    expect(await remove(digest)).toEqual([202, 9])
  })

  it('are one for a page of tags, of referrers and of the catalog', async () => {
    const { ask, digest } = await start()
    expect(await ask('/v2/p/a/tags/list')).toEqual([200, 1])
    expect(await ask(`/v2/p/a/referrers/${digest}`)).toEqual([200, 1])
    expect(await ask('/v2/_catalog')).toEqual([200, 1])
  })

  it('are five for a manifest PUT, with one layer or with two hundred', async () => {
    const { registry, measure } = await start()
    for (const count of [1, 200]) {
      const layers = Array.from({ length: count }, (_, index) => `layer ${count} ${index}`)
      for (const layer of layers) await pushBlob(registry, 'p/a', layer)
      const json = imageJson('{}', layers)
      const put = async () => await putManifest(registry, 'p/a', 'many', json)
      expect(await measure(put)).toEqual([201, 5])
    }
  })

  it('are six for an index, and eight when its parts are listed as such with it, be it one or thirty', async () => {
    const { registry, measure } = await start()
    for (const count of [1, 30]) {
      const parts = Array.from({ length: count }, (_, part) =>
        imageJson('{}', ['one'], { annotations: { part: `${part} of ${count}` } }),
      )
      for (const part of parts) await putManifest(registry, 'p/a', digestOf(part), part)
      const put = async (index: string) =>
        await measure(async () => await putManifest(registry, 'p/a', 'all', index))
      expect(await put(indexJson(parts))).toEqual([201, 8])
      expect(await put(indexJson([...parts, ...parts.slice(0, 1)]))).toEqual([201, 6])
    }
  })

  it('are one to push what is there under the tag it has, two while it was just given, three to move a tag', async () => {
    const { registry, measure } = await start()
    const json = imageJson('{}', ['one', 'two'])
    const put = async (tag: string) =>
      await measure(async () => await putManifest(registry, 'p/a', tag, json))
    expect(await put('v1')).toEqual([201, 2])
    expect(await put('v2')).toEqual([201, 3])
    vi.useFakeTimers({ now: Date.now() + 11 * 60_000, toFake: ['Date'] })
    try {
      // The first one asks for the name again, as it does once a minute.
      await put('v1')
      expect(await put('v1')).toEqual([201, 1])
    } finally {
      vi.useRealTimers()
    }
  })

  it('are two to commit a new blob, behind the look at its session', async () => {
    const { registry, measure } = await start()
    const response = await registry.app.request('/v2/p/a/blobs/uploads/', { method: 'POST' })
    const location = response.headers.get('Location') ?? ''
    const body = Buffer.from('new')
    const init = { method: 'PUT', body, headers: { 'Content-Length': '3' } }
    const put = async () => await registry.app.request(`${location}?digest=${digestOf(body)}`, init)
    expect(await measure(put)).toEqual([201, 3])
  })

  it('are three for a mount, behind the look at both names', async () => {
    const { ask } = await start()
    await ask('/v2/q/b/blobs/uploads/', { method: 'POST' })
    const query = `mount=${digestOf('one')}&from=p/a`
    expect(await ask(`/v2/q/b/blobs/uploads/?${query}`, { method: 'POST' })).toEqual([201, 4])
  })
})
