import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startDockerd } from '../support/dockerd.ts'
import { blobsOf, writeImage } from '../support/layout.ts'
import { authFile } from '../support/credentials.ts'
import { isOwnServer, provideRegistry } from '../support/registry.ts'
import { run } from '../support/run.ts'
import { provideWorkspace } from '../support/workspace.ts'
import { writeFile } from 'node:fs/promises'

const registry = provideRegistry()
const workspace = provideWorkspace()

/** Pushes as somebody, and leaves nobody logged in. */
const push = async (project: string, name: string) => {
  const { directory, env } = workspace()
  const layout = await writeImage(await directory(`image-${project}`))
  const reference = `${registry().host}/${project}/${name}:v1`
  const login = await directory(`login-${project}`)
  await writeFile(join(login, 'config.json'), authFile({ [registry().host]: registry().login }))
  await run('crane', ['push', layout.path, reference], { ...env, DOCKER_CONFIG: login })
  return { layout, reference }
}

const storage = (store: string): readonly string[] => {
  const root = join(workspace().path, store)
  return ['--root', join(root, 'root'), '--runroot', join(root, 'run'), '--storage-driver', 'vfs']
}

const TLS = '--tls-verify=false'
/** How each client pulls a reference; those that write a layout write it to `to`. */
const PULLS: Readonly<Record<string, (reference: string, to: string) => readonly string[]>> = {
  crane: (reference, to) => ['pull', '--format', 'oci', reference, to],
  skopeo: (reference, to) => [
    ...['--insecure-policy', 'copy', '--src-tls-verify=false', '--preserve-digests'],
    ...[`docker://${reference}`, `oci:${to}:v1`],
  ],
  oras: (reference, to) => [
    ...['cp', '--no-tty', '--from-plain-http', reference, '--to-oci-layout', `${to}:v1`],
  ],
  regctl: (reference, to) => [
    ...['image', 'copy', '--host', `reg=${registry().host},tls=disabled`],
    ...[reference, `ocidir://${to}:v1`],
  ],
  podman: (reference) => [
    ...storage('podman'),
    ...['--cgroup-manager', 'cgroupfs', '--events-backend', 'file', 'pull', TLS, reference],
  ],
  buildah: (reference) => [...storage('buildah'), 'pull', TLS, reference],
}

test.runIf(isOwnServer).for(Object.entries(PULLS))(
  '%s pulls from a public project without a login, and from no other',
  async ([client, pull]) => {
    const { layout, reference } = await push('library', client)
    const hidden = await push(`private-${client}`, client)
    const to = join(workspace().path, 'pulled')
    await workspace().run(client, ...pull(reference, to))
    const isLayout = await readdir(to).then(
      () => true,
      () => false,
    )
    if (isLayout) expect(await blobsOf(to)).toEqual(await blobsOf(layout.path))
    await expect(
      workspace().run(client, ...pull(hidden.reference, join(workspace().path, 'hidden'))),
    ).rejects.toThrow(/401|[Uu]nauthorized|UNAUTHORIZED|denied|authentication required/)
  },
)

test.runIf(isOwnServer)('docker pulls without a login from a public project alone', async () => {
  const { layout, reference } = await push('library', 'docker')
  const hidden = await push('private-docker', 'docker')
  const daemon = await startDockerd(workspace(), 'daemon')
  try {
    expect(await daemon.docker('pull', reference)).toContain(`Digest: ${layout.digest}`)
    await expect(daemon.docker('pull', hidden.reference)).rejects.toThrow(/unauthorized|denied/)
  } finally {
    await daemon.stop()
  }
})
