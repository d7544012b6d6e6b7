import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { provideRegistry } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'

const registry = provideRegistry()
const workspace = provideWorkspace(registry)

/** buildah on a store of its own; plain copies, because a mount would outlive the test. */
const buildah = async (store: string, ...args: readonly string[]): Promise<string> => {
  const root = join(workspace().path, store)
  return await workspace().run(
    'buildah',
    ...['--root', join(root, 'root'), '--runroot', join(root, 'run'), '--storage-driver', 'vfs'],
    ...args,
  )
}

test('an image that buildah built and pushed comes into an empty store', async () => {
  const context = await workspace().directory('context')
  await writeFile(join(context, 'Containerfile'), 'FROM scratch\nCOPY file /file\n')
  await writeFile(join(context, 'file'), randomBytes(100_000))
  const reference = `${registry().repository('buildah')}:v1`
  await buildah('one', 'bud', '--isolation', 'chroot', '--quiet', '--tag', 'built', context)

  const file = join(workspace().path, 'digest')
  const to = `docker://${reference}`
  await buildah('one', 'push', '--tls-verify=false', '--digestfile', file, 'built', to)
  const digest = await readFile(file, 'utf8')
  expect(await registry().headManifest(reference)).toBe(digest)

  await buildah('two', 'pull', '--tls-verify=false', to)
  const format = ['--format', '{{.FromImageDigest}}', '--type', 'image']
  expect((await buildah('two', 'inspect', ...format, reference)).trim()).toBe(digest)
})
