import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startCuttingProxy } from '../support/cutting-proxy.ts'
import { blobsOf, writeImage, writeIndex } from '../support/layout.ts'
import { isBlobUpload, isManifestPut, isOwnServer, provideRegistry } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'

const registry = provideRegistry()
const workspace = provideWorkspace(registry)

const CHUNK_BYTES = 100_000
const LAYER_BYTES = 1_000_000

const regctl = async (...args: readonly string[]): Promise<string> =>
  (await workspace().run('regctl', ...args)).trim()

const useHttp = async (host: string, ...flags: readonly string[]): Promise<void> => {
  await regctl('registry', 'set', host, '--tls', 'disabled', '--skip-check', ...flags)
}

const chunks = ['--blob-chunk', `${CHUNK_BYTES}`, '--blob-max', `${CHUNK_BYTES}`]

test('regctl pulls the index of two architectures that it pushed, with its referrer', async () => {
  const layout = await writeIndex(await workspace().directory('index'))
  const local = `ocidir://${layout.path}:v1`
  const reference = `${registry().repository('regctl')}:v1`
  const pulled = join(workspace().path, 'pulled')
  await useHttp(registry().host)
  await writeFile(join(workspace().path, 'sbom'), '{}')
  const artifact = ['--artifact-type', 'application/vnd.example.sbom', '--file', 'sbom']
  await regctl('artifact', 'put', ...artifact, '--subject', local)
  await regctl('image', 'copy', '--referrers', local, reference)
  expect(await registry().headManifest(reference)).toBe(layout.digest)
  const list = await regctl('artifact', 'list', '--format', '{{len .Descriptors}}', reference)
  expect(list).toBe('1')

  await regctl('image', 'copy', '--referrers', reference, `ocidir://${pulled}:v1`)
  expect(await blobsOf(pulled)).toEqual(expect.arrayContaining([...(await blobsOf(layout.path))]))
})

test('a push in small chunks whose connection breaks in the middle resumes and agrees', async () => {
  const layout = await writeImage(await workspace().directory('image'), {
    ...{ layers: 1, layerBytes: LAYER_BYTES, compression: 'none' },
  })
  const repository = registry().repository('regctl-resumed')
  // In the middle of the fifth chunk of the layer or so.
  const proxy = await startCuttingProxy(registry().host, LAYER_BYTES / 2 - CHUNK_BYTES / 2)
  try {
    await workspace().logIn(proxy.host, registry().login)
    await useHttp(proxy.host, ...chunks)
    const through = repository.replace(registry().host, proxy.host)
    await regctl('image', 'copy', `ocidir://${layout.path}:v1`, `${through}:v1`)
    expect(proxy.cuts()).toBe(1)
  } finally {
    await proxy.close()
  }
  expect(await registry().headManifest(`${repository}:v1`)).toBe(layout.digest)
  await useHttp(registry().host)
  const pulled = join(workspace().path, 'pulled')
  await regctl('image', 'copy', `${repository}:v1`, `ocidir://${pulled}:v1`)
  expect(await blobsOf(pulled)).toEqual(await blobsOf(layout.path))
})

test.runIf(isOwnServer)('a resumed push does not begin again', async () => {
  const layout = await writeImage(await workspace().directory('image'), {
    ...{ layers: 1, layerBytes: LAYER_BYTES, compression: 'none' },
  })
  const repository = registry().repository('regctl-sessions')
  const proxy = await startCuttingProxy(registry().host, LAYER_BYTES / 2 - CHUNK_BYTES / 2)
  try {
    await workspace().logIn(proxy.host, registry().login)
    await useHttp(proxy.host, ...chunks)
    const through = repository.replace(registry().host, proxy.host)
    await regctl('image', 'copy', `ocidir://${layout.path}:v1`, `${through}:v1`)
  } finally {
    await proxy.close()
  }
  const requests = await registry().requests(repository, isManifestPut)
  // One session for the layer and one for the configuration.
  const sessions = requests.filter(
    ({ method, path }) => method === 'POST' && path.includes('/blobs/uploads'),
  )
  expect(sessions).toHaveLength(2)
})

test.runIf(isOwnServer)('a copy between repositories uploads no byte again', async () => {
  const layout = await writeImage(await workspace().directory('image'))
  const [from, to] = [registry().repository('regctl-from'), registry().repository('regctl-to')]
  await useHttp(registry().host)
  await regctl('image', 'copy', `ocidir://${layout.path}:v1`, `${from}:v1`)
  await regctl('image', 'copy', `${from}:v1`, `${to}:v1`)
  expect(await registry().headManifest(`${to}:v1`)).toBe(layout.digest)
  const requests = await registry().requests(to, isManifestPut)
  expect(requests.filter(isBlobUpload)).toEqual([])
})

test('regctl deletes one tag and leaves the others', async () => {
  const layout = await writeImage(await workspace().directory('image'))
  const repository = registry().repository('regctl-deleted')
  await useHttp(registry().host)
  for (const tag of ['v1', 'v2']) {
    await regctl('image', 'copy', `ocidir://${layout.path}:v1`, `${repository}:${tag}`)
  }
  await regctl('tag', 'delete', `${repository}:v1`)
  expect(await registry().headManifest(`${repository}:v1`)).toBeUndefined()
  expect(await registry().headManifest(`${repository}:v2`)).toBe(layout.digest)
})
