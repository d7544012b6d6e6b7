import { expect, test } from 'vitest'
import { blobsOf, writeImage, writeIndex, type Layout } from '../support/layout.ts'
import { isBlobUpload, isManifestPut, isOwnServer, provideRegistry } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'

const registry = provideRegistry()
const workspace = provideWorkspace(registry)

const copy = async (from: string, to: string, ...flags: readonly string[]): Promise<void> => {
  const tls = ['--src-tls-verify=false', '--dest-tls-verify=false']
  await workspace().run('skopeo', '--insecure-policy', 'copy', ...tls, ...flags, from, to)
}

/** Pushes a layout, pulls it into an empty one and expects the same bytes. */
const roundTrip = async (layout: Layout, repository: string): Promise<void> => {
  const pulled = `${workspace().path}/pulled`
  await copy(`oci:${layout.path}:v1`, `docker://${repository}:v1`, '--all', '--preserve-digests')
  expect(await registry().headManifest(`${repository}:v1`)).toBe(layout.digest)
  await copy(`docker://${repository}:v1`, `oci:${pulled}:v1`, '--all', '--preserve-digests')
  expect(await blobsOf(pulled)).toEqual(await blobsOf(layout.path))
}

test('skopeo pulls the image that it pushed, byte for byte', async () => {
  const layout = await writeImage(await workspace().directory('image'))
  await roundTrip(layout, registry().repository('image'))
})

test('skopeo pulls the index of two architectures that it pushed', async () => {
  const layout = await writeIndex(await workspace().directory('index'))
  await roundTrip(layout, registry().repository('index'))
})

test('layers compressed with zstd stay as they are', async () => {
  const layout = await writeImage(await workspace().directory('zstd'), { compression: 'zstd' })
  await roundTrip(layout, registry().repository('zstd'))
})

test('skopeo deletes an image with every tag of it', async () => {
  const layout = await writeImage(await workspace().directory('image'))
  const repository = registry().repository('deleted')
  for (const tag of ['v1', 'v2']) {
    await copy(`oci:${layout.path}:v1`, `docker://${repository}:${tag}`, '--preserve-digests')
  }
  await workspace().run('skopeo', 'delete', '--tls-verify=false', `docker://${repository}:v1`)
  expect(await registry().headManifest(`${repository}:v1`)).toBeUndefined()
  expect(await registry().headManifest(`${repository}:v2`)).toBeUndefined()
  expect(await registry().headManifest(`${repository}@${layout.digest}`)).toBeUndefined()
})

test.runIf(isOwnServer)('a copy between repositories mounts its blobs', async () => {
  const layout = await writeImage(await workspace().directory('image'))
  const [from, to] = [registry().repository('mount-from'), registry().repository('mount-to')]
  await copy(`oci:${layout.path}:v1`, `docker://${from}:v1`, '--preserve-digests')
  await copy(`docker://${from}:v1`, `docker://${to}:v1`, '--preserve-digests')
  expect(await registry().headManifest(`${to}:v1`)).toBe(layout.digest)
  const requests = await registry().requests(to, isManifestPut)
  const uploads = requests.filter(isBlobUpload)
  // Each layer is mounted; only the configuration, which skopeo has in memory, is sent again: one PATCH, one PUT.
  const mounts = requests.filter(({ method, status }) => method === 'POST' && status === 201)
  expect(mounts).toHaveLength(2)
  expect(uploads.map(({ method }) => method).toSorted()).toEqual(['PATCH', 'PUT'])
})
