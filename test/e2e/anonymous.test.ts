import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startDockerd } from '../support/dockerd.ts'
import { blobsOf, writeImage } from '../support/layout.ts'
import { authFile } from '../support/credentials.ts'
import { isOwnServer, provideRegistry } from '../support/registry.ts'
import { run } from '../support/run.ts'
import { provideWorkspace } from '../support/workspace.ts'

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

test.runIf(isOwnServer)(
  'helm pulls a chart without a login from a public project alone',
  async () => {
    const { directory, env, path, run: runHere } = workspace()
    await runHere('helm', 'create', join(path, 'chart'))
    await runHere('helm', 'package', join(path, 'chart'), '--destination', path)
    const login = await directory('login')
    const file = join(login, 'config.json')
    await writeFile(file, authFile({ [registry().host]: registry().login }))
    const packed = join(path, 'chart-0.1.0.tgz')
    for (const project of ['library', 'private-helm']) {
      const to = `oci://${registry().host}/${project}`
      await run('helm', ['push', packed, to, '--plain-http'], {
        ...env,
        HELM_REGISTRY_CONFIG: file,
      })
    }
    const pull = async (project: string) =>
      await runHere('helm', 'pull', `oci://${registry().host}/${project}/chart`, '--plain-http')
    await pull('library')
    await expect(pull('private-helm')).rejects.toThrow(/401|[Uu]nauthorized/)
  },
)

test.runIf(isOwnServer)('cosign verifies without a login in a public project alone', async () => {
  const { path, env } = workspace()
  const secrets = { ...env, COSIGN_PASSWORD: 'secret' }
  const key = join(path, 'ours')
  await run('cosign', ['generate-key-pair', '--output-key-prefix', key], secrets)
  const flags = ['--tlog-upload=false', '--use-signing-config=false', '--yes']
  const verify = async (image: string) =>
    await run(
      'cosign',
      [
        ...['verify', '--key', `${key}.pub`, '--private-infrastructure=true'],
        ...['--allow-http-registry', image],
      ],
      secrets,
    )
  for (const project of ['library', 'private-cosign']) {
    const { layout, reference } = await push(project, 'cosign')
    const image = reference.replace(/:v1$/, `@${layout.digest}`)
    const login = { ...secrets, DOCKER_CONFIG: join(path, `login-${project}`) }
    const sign = ['sign', '--key', `${key}.key`, ...flags, '--allow-http-registry', image]
    await run('cosign', sign, login)
    if (project === 'library') expect(await verify(image)).toContain(layout.digest)
    else await expect(verify(image)).rejects.toThrow(/401|UNAUTHORIZED/)
  }
})
