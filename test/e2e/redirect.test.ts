import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startDockerd } from '../support/dockerd.ts'
import { blobsOf, writeImage } from '../support/layout.ts'
import { isOwnServer, provideRegistry, type Request } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'

const registry = provideRegistry('--redirect-blobs')
const workspace = provideWorkspace(registry)

/** How each client pulls `reference` into an empty layout at `to`. */
const PULLS = {
  skopeo: (reference: string, to: string) => [
    ...['--insecure-policy', 'copy', '--src-tls-verify=false', '--preserve-digests'],
    ...[`docker://${reference}`, `oci:${to}:v1`],
  ],
  crane: (reference: string, to: string) => ['pull', '--format', 'oci', reference, to],
  oras: (reference: string, to: string) => [
    ...['cp', '--no-tty', '--from-plain-http', reference, '--to-oci-layout', `${to}:v1`],
  ],
  regctl: (reference: string, to: string) => [
    ...['image', 'copy', '--host', `reg=${registry().host},tls=disabled`],
    ...[reference, `ocidir://${to}:v1`],
  ],
} as const satisfies Record<string, (reference: string, to: string) => readonly string[]>

const isRedirect = ({ method, path, status }: Request): boolean =>
  method === 'GET' && path.includes('/blobs/') && status === 307

const push = async (name: string) => {
  const layout = await writeImage(await workspace().directory('image'))
  const repository = registry().repository(name)
  await workspace().run('crane', 'push', layout.path, `${repository}:v1`)
  return { layout, repository }
}

test.runIf(isOwnServer).for(Object.entries(PULLS))(
  '%s follows the redirect to a signed address, blob by blob',
  async ([client, pull]) => {
    const { layout, repository } = await push(client)
    const to = join(workspace().path, 'pulled')
    await workspace().run(client, ...pull(`${repository}:v1`, to))
    expect(await blobsOf(to)).toEqual(await blobsOf(layout.path))
    const requests = await registry().requests(repository, isRedirect)
    expect(requests.filter(({ path, status }) => path.includes('/blobs/sha256') && status === 200))
      // A client may ask with HEAD whether a blob is there; its bytes come from elsewhere.
      .not.toContainEqual(expect.objectContaining({ method: 'GET' }))
  },
)

test.runIf(isOwnServer)('docker follows the redirect to a signed address', async () => {
  const { layout, repository } = await push('docker')
  const daemon = await startDockerd(workspace(), 'daemon')
  try {
    expect(await daemon.docker('pull', `${repository}:v1`)).toContain(`Digest: ${layout.digest}`)
  } finally {
    await daemon.stop()
  }
  expect(await registry().requests(repository, isRedirect)).toContainEqual(
    expect.objectContaining({ status: 307 }),
  )
})
