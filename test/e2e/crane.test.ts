import { join } from 'node:path'
import { expect, test } from 'vitest'
import { blobsOf, writeImage, writeIndex } from '../support/layout.ts'
import { isBlobUpload, isManifestPut, isOwnServer, provideRegistry } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'

const registry = provideRegistry()
const workspace = provideWorkspace(registry)

const crane = async (...args: readonly string[]): Promise<string> =>
  (await workspace().run('crane', ...args)).trim()

test.for([
  ['an image of two layers', { layers: 2 }],
  ['an image of 300 layers', { layers: 300, layerBytes: 1000 }],
  ['layers compressed with zstd', { compression: 'zstd' }],
] as const)('crane pulls %s that it pushed, byte for byte', async ([, options]) => {
  const layout = await writeImage(await workspace().directory('image'), options)
  const reference = `${registry().repository('crane')}:v1`
  const pulled = join(workspace().path, 'pulled')
  await crane('push', layout.path, reference)
  expect(await crane('digest', reference)).toBe(layout.digest)
  await crane('pull', '--format', 'oci', reference, pulled)
  expect(await blobsOf(pulled)).toEqual(await blobsOf(layout.path))
})

test('crane pulls the index of two architectures that it pushed', async () => {
  const layout = await writeIndex(await workspace().directory('index'))
  const reference = `${registry().repository('crane-index')}:v1`
  const pulled = join(workspace().path, 'pulled')
  await crane('push', '--index', layout.path, reference)
  const digest = await crane('digest', reference)
  await crane('pull', '--format', 'oci', reference, pulled)
  expect(await registry().headManifest(`${registry().repository('crane-index')}@${digest}`)).toBe(
    digest,
  )
  // The layout's own list becomes an index of its own, around the one that it lists.
  expect(await blobsOf(pulled)).toEqual(expect.arrayContaining([...(await blobsOf(layout.path))]))
})

test.runIf(isOwnServer)('a copy between repositories uploads no byte again', async () => {
  const layout = await writeImage(await workspace().directory('image'))
  const [from, to] = [registry().repository('crane-from'), registry().repository('crane-to')]
  await crane('push', layout.path, `${from}:v1`)
  await crane('copy', `${from}:v1`, `${to}:v1`)
  expect(await registry().headManifest(`${to}:v1`)).toBe(layout.digest)
  const requests = await registry().requests(to, isManifestPut)
  expect(requests.filter(isBlobUpload)).toEqual([])
  expect(requests.filter(({ method, status }) => method === 'POST' && status === 201)).toHaveLength(
    3,
  )
})

test('crane lists the tags of a repository and deletes one by its digest', async () => {
  const layout = await writeImage(await workspace().directory('image'))
  const repository = registry().repository('crane-tags')
  await crane('push', layout.path, `${repository}:v1`)
  await crane('tag', `${repository}:v1`, 'v2')
  expect((await crane('ls', repository)).split('\n')).toEqual(['v1', 'v2'])
  await crane('delete', `${repository}@${layout.digest}`)
  expect(await registry().headManifest(`${repository}:v2`)).toBeUndefined()
})
