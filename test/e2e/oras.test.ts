import { readFile, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { blobsOf, writeImage, writeIndex } from '../support/layout.ts'
import { isBlobUpload, isManifestPut, isOwnServer, provideRegistry } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'

const registry = provideRegistry()
const workspace = provideWorkspace(registry)

const oras = async (...args: readonly string[]): Promise<string> =>
  await workspace().run('oras', ...args)

const SBOM = 'application/vnd.example.sbom.v1+json'

const push = async (path: string, reference: string): Promise<void> => {
  await oras('cp', '--no-tty', '--from-oci-layout', `${path}:v1`, '--to-plain-http', reference)
}

const discovered = z.object({
  referrers: z.array(z.object({ digest: z.string(), artifactType: z.string() })),
})

const discover = async (reference: string, ...flags: readonly string[]) => {
  const text = await oras('discover', '--plain-http', '--format', 'json', ...flags, reference)
  return discovered.parse(JSON.parse(text)).referrers
}

test('oras pulls the index of two architectures that it pushed', async () => {
  const layout = await writeIndex(await workspace().directory('index'))
  const reference = `${registry().repository('oras')}:v1`
  const pulled = join(workspace().path, 'pulled')
  await push(layout.path, reference)
  expect(await registry().headManifest(reference)).toBe(layout.digest)
  await oras('cp', '--no-tty', '--from-plain-http', reference, '--to-oci-layout', `${pulled}:v1`)
  expect(await blobsOf(pulled)).toEqual(await blobsOf(layout.path))
})

test('oras pulls the file that it pushed as an artifact', async () => {
  const from = await workspace().directory('from')
  const to = await workspace().directory('to')
  const bytes = randomBytes(3_000_000)
  await writeFile(join(from, 'data.bin'), bytes)
  const reference = `${registry().repository('oras-file')}:v1`
  const file = 'from/data.bin:application/octet-stream'
  const flags = ['--no-tty', '--plain-http']
  await oras('push', ...flags, '--artifact-type', 'application/vnd.example.data', reference, file)
  await oras('pull', '--no-tty', '--plain-http', '--output', to, reference)
  expect((await readFile(join(to, 'from', 'data.bin'))).equals(bytes)).toBe(true)
})

test('what oras attaches to an image it discovers, by kind, and it goes with its delete', async () => {
  const layout = await writeImage(await workspace().directory('image'))
  const reference = `${registry().repository('oras-referrers')}:v1`
  await push(layout.path, reference)
  const file = join(workspace().path, 'sbom.json')
  await writeFile(file, '{"parts":[]}')
  const flags = ['--no-tty', '--plain-http', '--disable-path-validation']
  await oras('attach', ...flags, '--artifact-type', SBOM, reference, `${file}:application/json`)
  await oras('attach', ...flags, '--artifact-type', `${SBOM}-other`, '-a', 'a=b', reference)

  expect((await discover(reference)).map(({ artifactType }) => artifactType).toSorted()).toEqual([
    SBOM,
    `${SBOM}-other`,
  ])
  const [found, ...others] = await discover(reference, '--artifact-type', SBOM)
  expect(others).toEqual([])
  expect(found?.artifactType).toBe(SBOM)

  const repository = registry().repository('oras-referrers')
  const referrer = `${repository}@${found?.digest ?? ''}`
  await oras('manifest', 'delete', '--force', '--plain-http', referrer)
  expect(await discover(reference, '--artifact-type', SBOM)).toEqual([])
})

test.runIf(isOwnServer)('a copy between repositories uploads no byte again', async () => {
  const layout = await writeImage(await workspace().directory('image'))
  const [from, to] = [registry().repository('oras-from'), registry().repository('oras-to')]
  await push(layout.path, `${from}:v1`)
  await oras('cp', '--no-tty', '--from-plain-http', '--to-plain-http', `${from}:v1`, `${to}:v1`)
  expect(await registry().headManifest(`${to}:v1`)).toBe(layout.digest)
  const requests = await registry().requests(to, isManifestPut)
  expect(requests.filter(isBlobUpload)).toEqual([])
})
