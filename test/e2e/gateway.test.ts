/** Clients as they are, against the registry as it is on Lambda: behind API Gateway's limits, blobs read elsewhere. */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCuttingProxy } from '../support/cutting-proxy.ts'
import { startDockerd } from '../support/dockerd.ts'
import { startGatewayRegistry, type GatewayRegistry } from '../support/gateway/registry.ts'
import { blobsOf, writeImage, type Layout } from '../support/layout.ts'
import { provideWorkspace } from '../support/workspace.ts'

const MIB = 1024 * 1024

type Seen = { readonly method: string; readonly path: string; readonly bytes: number }

let registry: GatewayRegistry
const seen: Seen[] = []

beforeAll(async () => {
  registry = await startGatewayRegistry({
    seen: ({ headers, method = '', url = '' }) => {
      seen.push({ method, path: url, bytes: Number(headers['content-length'] ?? 0) })
    },
  })
})

afterAll(async () => {
  await registry.stop()
})

const workspace = provideWorkspace(() => registry)
const run = async (program: string, ...args: readonly string[]): Promise<string> =>
  (await workspace().run(program, ...args)).trim()
const reference = (name: string): string => `${registry.host}/clients/${name}:v1`
const smallImage = async (): Promise<Layout> =>
  await writeImage(await workspace().directory('image'), { layers: 2, layerBytes: 2 * MIB })

/** Pulls by skopeo, which follows redirects, and compares every blob. */
const expectPulled = async (name: string, layout: Layout): Promise<void> => {
  const pulled = join(workspace().path, 'pulled')
  const flags = ['--insecure-policy', 'copy', '--src-tls-verify=false', '--preserve-digests']
  await run('skopeo', ...flags, `docker://${reference(name)}`, `oci:${pulled}:v1`)
  expect(await blobsOf(pulled)).toEqual(await blobsOf(layout.path))
}

describe('layers of two megabytes', () => {
  it('go in by crane', async () => {
    const layout = await smallImage()
    await run('crane', 'push', '--insecure', layout.path, reference('crane'))
    await expectPulled('crane', layout)
  })

  it('go in by skopeo', async () => {
    const layout = await smallImage()
    const flags = ['--insecure-policy', 'copy', '--dest-tls-verify=false', '--preserve-digests']
    await run('skopeo', ...flags, `oci:${layout.path}:v1`, `docker://${reference('skopeo')}`)
    await expectPulled('skopeo', layout)
  })

  it('go in by oras', async () => {
    const layout = await smallImage()
    const flags = ['cp', '--to-plain-http', '--from-oci-layout']
    await run('oras', ...flags, `${layout.path}:v1`, reference('oras'))
    await expectPulled('oras', layout)
  })

  it('go in by docker, which sends them without their length, and come out of another daemon', async () => {
    const image = reference('docker')
    const context = await workspace().directory('context')
    await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nCOPY file /file\n')
    await writeFile(join(context, 'file'), randomBytes(2 * MIB))
    const daemons = [
      await startDockerd(workspace(), 'pusher'),
      await startDockerd(workspace(), 'puller'),
    ] as const
    try {
      const [pusher, puller] = daemons
      await pusher.docker('build', '--quiet', '--tag', image, context)
      const digest = /digest: (sha256:[0-9a-f]{64})/.exec(await pusher.docker('push', image))?.[1]
      expect(await puller.docker('pull', image)).toContain(`Digest: ${digest ?? 'of the push'}`)
    } finally {
      for (const daemon of daemons) await daemon.stop()
    }
  })
})

describe('a layer of sixty megabytes', () => {
  const CHUNK_BYTES = 4 * MIB
  const LAYER_BYTES = 60 * MIB
  const chunks = ['--blob-chunk', `${CHUNK_BYTES}`, '--blob-max', `${CHUNK_BYTES}`]
  const largeImage = async (): Promise<Layout> =>
    await writeImage(await workspace().directory('large'), {
      ...{ layers: 1, layerBytes: LAYER_BYTES, compression: 'none' },
    })
  const useHttp = async (host: string, ...flags: readonly string[]): Promise<void> => {
    await run('regctl', 'registry', 'set', host, '--tls', 'disabled', '--skip-check', ...flags)
  }
  /**
   * regctl 0.11.7 sends the whole at first, is refused, and begins its chunks from the same open file, which the refused
   * request may still be reading from: now and then a piece is missing, and it says so before it links anything. Told by
   * `--blob-max` what is too large, it does not try.
   */
  const untilUnspoilt = async (push: () => Promise<void>): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      try {
        await push()
        return
      } catch (error) {
        const isSpoilt = /digest mismatch, expected \S+, computed/.test(String(error))
        if (!isSpoilt || tries === 5) throw error
      }
    }
  }
  const patches = (name: string): readonly Seen[] =>
    seen.filter(({ method, path }) => method === 'PATCH' && path.includes(`/${name}/`))

  it('goes in by regctl in chunks, with no setting but the scheme', async () => {
    const layout = await largeImage()
    await useHttp(registry.host)
    await untilUnspoilt(async () => {
      await run('regctl', 'image', 'copy', `ocidir://${layout.path}:v1`, reference('regctl'))
    })
    const sizes = patches('regctl').map(({ bytes }) => bytes)
    expect(sizes.length).toBeGreaterThanOrEqual(LAYER_BYTES / CHUNK_BYTES)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(CHUNK_BYTES)
    await expectPulled('regctl', layout)
  })

  it('goes on where it stood when the answer to a chunk got lost', async () => {
    const layout = await largeImage()
    // In the middle of the eighth chunk or so.
    const proxy = await startCuttingProxy(registry.host, LAYER_BYTES / 2)
    try {
      await workspace().logIn(proxy.host, registry.login)
      await useHttp(proxy.host, ...chunks)
      const through = reference('resumed').replace(registry.host, proxy.host)
      await run('regctl', 'image', 'copy', `ocidir://${layout.path}:v1`, through)
      expect(proxy.cuts()).toBe(1)
    } finally {
      await proxy.close()
    }
    const sent = patches('resumed').reduce((sum, { bytes }) => sum + bytes, 0)
    expect(sent).toBeLessThan(LAYER_BYTES + 2 * CHUNK_BYTES)
    await expectPulled('resumed', layout)
  })

  it('does not go in by crane, whose user is told by API Gateway that it is too large', async () => {
    const layout = await largeImage()
    const pushed = run('crane', 'push', '--insecure', layout.path, reference('too-large'))
    await expect(pushed).rejects.toThrow('Request Entity Too Large')
  })
})
