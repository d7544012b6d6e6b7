/** Clients as they are push through `roadstead proxy`, and no blob passes the registry. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withProxy } from '../support/cli.ts'
import { startDockerd } from '../support/dockerd.ts'
import { blobsOf, writeImage, type Layout } from '../support/layout.ts'
import { isBlobUpload, isManifestPut, isOwnServer, provideRegistry } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'

const registry = provideRegistry()
const workspace = provideWorkspace(registry)
const LAYER_BYTES = 6 * 1024 * 1024

const PUSHES = {
  skopeo: ({ path }: Layout, to: string) => [
    ...['--insecure-policy', 'copy', '--dest-tls-verify=false', '--preserve-digests'],
    ...[`oci:${path}:v1`, `docker://${to}`],
  ],
  crane: ({ path }: Layout, to: string) => ['push', path, to],
  oras: ({ path }: Layout, to: string) => [
    ...['cp', '--no-tty', '--from-oci-layout', `${path}:v1`, '--to-plain-http', to],
  ],
  regctl: ({ path }: Layout, to: string) => [
    ...['image', 'copy', '--host', `reg=${to.split('/')[0] ?? ''},tls=disabled`],
    ...[`ocidir://${path}:v1`, to],
  ],
} as const satisfies Record<string, (layout: Layout, to: string) => readonly string[]>

/** The same repository by way of another host. */
const by = (host: string, repository: string): string =>
  `${host}${repository.slice(repository.indexOf('/'))}`

const proxied = async (use: (host: string) => Promise<void>): Promise<void> => {
  await withProxy(registry().url, { env: { TMPDIR: workspace().path } }, async (host) => {
    await workspace().logIn(host, registry().login)
    await use(host)
  })
}

/** That a push of a repository sent nothing of its blobs to the registry itself. */
const expectDirect = async (repository: string): Promise<void> => {
  if (!isOwnServer) return
  const requests = await registry().requests(repository, isManifestPut)
  expect(requests.filter(isBlobUpload)).toEqual([])
  expect(requests.some(({ path }) => path.endsWith('/finish'))).toBe(true)
}

test.for(Object.entries(PUSHES))('%s pushes and pulls by the proxy', async ([client, push]) => {
  const layout = await writeImage(await workspace().directory('image'), {
    layerBytes: LAYER_BYTES,
  })
  const repository = registry().repository(`proxy-${client}`)
  await proxied(async (host) => {
    await workspace().run(client, ...push(layout, `${by(host, repository)}:v1`))
    expect(await registry().headManifest(`${repository}:v1`)).toBe(layout.digest)
    await expectDirect(repository)
    const pulled = join(workspace().path, 'pulled')
    await workspace().run(
      'skopeo',
      ...['--insecure-policy', 'copy', '--src-tls-verify=false', '--preserve-digests'],
      ...[`docker://${by(host, repository)}:v1`, `oci:${pulled}:v1`],
    )
    expect(await blobsOf(pulled)).toEqual(await blobsOf(layout.path))
  })
})

test('docker pushes and pulls by the proxy', async () => {
  const layout = await writeImage(await workspace().directory('image'), {
    layerBytes: LAYER_BYTES,
  })
  const repository = registry().repository('proxy-docker')
  await workspace().run('crane', 'push', layout.path, `${repository}:v1`)
  const other = registry().repository('proxy-docker-pushed')
  const daemon = await startDockerd(workspace(), 'daemon')
  try {
    await proxied(async (host) => {
      await daemon.docker('pull', `${by(host, repository)}:v1`)
      await daemon.docker('tag', `${by(host, repository)}:v1`, `${by(host, other)}:v1`)
      const said = await daemon.docker('push', `${by(host, other)}:v1`)
      const digest = /digest: (sha256:[0-9a-f]{64})/.exec(said)?.[1]
      expect(digest).toBeDefined()
      expect(await registry().headManifest(`${other}:v1`)).toBe(digest)
      await expectDirect(other)
    })
  } finally {
    await daemon.stop()
  }
})

test('podman pushes and pulls by the proxy', async () => {
  const layout = await writeImage(await workspace().directory('image'), {
    layerBytes: LAYER_BYTES,
  })
  const repository = registry().repository('proxy-podman')
  const root = join(workspace().path, 'store')
  const podman = async (...args: readonly string[]): Promise<string> =>
    await workspace().run(
      'podman',
      ...['--root', join(root, 'root'), '--runroot', join(root, 'run'), '--storage-driver', 'vfs'],
      ...['--cgroup-manager', 'cgroupfs', '--events-backend', 'file', ...args],
    )
  const id = (await podman('pull', '--quiet', `oci:${layout.path}:v1`)).trim()
  await proxied(async (host) => {
    const reference = `${by(host, repository)}:v1`
    await podman('push', '--tls-verify=false', id, reference)
    await expectDirect(repository)
    await podman('rmi', '--force', id)
    await podman('pull', '--tls-verify=false', reference)
    const found = await podman('image', 'inspect', '--format', '{{.Id}}', reference)
    expect(found.trim()).toBe(id)
  })
})

test('a client with wrong credentials, or with none, is told so by the registry', async () => {
  const layout = await writeImage(await workspace().directory('image'))
  const repository = registry().repository('proxy-nobody')
  await withProxy(registry().url, {}, async (host) => {
    const to = `${by(host, repository)}:v1`
    await expect(workspace().run('crane', ...PUSHES.crane(layout, to))).rejects.toThrow(
      /UNAUTHORIZED/i,
    )
    await workspace().logIn(host, { name: 'admin', password: 'Wrong12345' })
    await expect(workspace().run('crane', ...PUSHES.crane(layout, to))).rejects.toThrow(
      /UNAUTHORIZED|401/i,
    )
  })
  expect(await registry().headManifest(`${repository}:v1`)).toBeUndefined()
})

test('with --login a client without credentials is whoever is logged in', async () => {
  const layout = await writeImage(await workspace().directory('image'))
  const repository = registry().repository('proxy-login')
  const { name, password } = registry().login
  const env = {
    ...{ ROADSTEAD_URL: registry().url, ROADSTEAD_USER: name, ROADSTEAD_PASSWORD: password },
  }
  await withProxy(registry().url, { args: ['--login'], env }, async (host) => {
    const to = `${by(host, repository)}:v1`
    await workspace().run('crane', ...PUSHES.crane(layout, to))
    expect((await workspace().run('crane', 'digest', to)).trim()).toBe(layout.digest)
  })
  await expectDirect(repository)
})
