import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeImage } from '../support/layout.ts'
import { runPodman } from '../support/podman.ts'
import { provideRegistry } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'

const registry = provideRegistry()
const workspace = provideWorkspace(registry)

const podman = async (store: string, ...args: readonly string[]): Promise<string> =>
  await runPodman(workspace(), store, ...args)

const identity = async (store: string, reference: string): Promise<string> =>
  (await podman(store, 'image', 'inspect', '--format', '{{.Id}}', reference)).trim()

test('an image that podman pushed comes into an empty store', async () => {
  const layout = await writeImage(await workspace().directory('image'))
  const reference = `${registry().repository('podman')}:v1`
  const id = (await podman('one', 'pull', '--quiet', `oci:${layout.path}:v1`)).trim()
  const file = join(workspace().path, 'digest')
  await podman('one', 'push', '--tls-verify=false', '--digestfile', file, id, reference)
  const digest = await readFile(file, 'utf8')
  expect(await registry().headManifest(reference)).toBe(digest)

  await podman('two', 'pull', '--tls-verify=false', reference)
  expect(await identity('two', reference)).toBe(await identity('one', id))
  const pulled = await podman('two', 'image', 'inspect', '--format', '{{.Digest}}', reference)
  expect(pulled.trim()).toBe(digest)
})

test('podman pushes layers compressed with zstd and pulls them again', async () => {
  const layout = await writeImage(await workspace().directory('image'))
  const reference = `${registry().repository('podman-zstd')}:v1`
  const id = (await podman('one', 'pull', '--quiet', `oci:${layout.path}:v1`)).trim()
  const flags = ['--tls-verify=false', '--compression-format', 'zstd']
  await podman('one', 'push', ...flags, id, reference)
  await podman('two', 'pull', '--tls-verify=false', reference)
  expect(await identity('two', reference)).toBe(await identity('one', id))
})
