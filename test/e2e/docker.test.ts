import { expect, test } from 'vitest'
import { buildImage, startDockerd, type Docker } from '../support/dockerd.ts'
import { provideRegistry } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'

const registry = provideRegistry()
const workspace = provideWorkspace(registry)

const build = async (docker: Docker, reference: string): Promise<string> =>
  await buildImage(workspace(), docker, reference)

test('an image that docker pushed comes into the empty store of another daemon', async () => {
  const reference = `${registry().repository('docker')}:v1`
  const pusher = await startDockerd(workspace(), 'pusher')
  try {
    const id = await build(pusher, reference)
    const said = await pusher.docker('push', reference)
    const digest = /digest: (sha256:[0-9a-f]{64})/.exec(said)?.[1]
    expect(digest).toBeDefined()
    expect(await registry().headManifest(reference)).toBe(digest)

    const puller = await startDockerd(workspace(), 'puller')
    try {
      expect(await puller.docker('pull', reference)).toContain(`Digest: ${digest ?? ''}`)
      const inspected = await puller.docker('image', 'inspect', '--format', '{{.Id}}', reference)
      expect(inspected.trim()).toBe(id)
    } finally {
      await puller.stop()
    }
  } finally {
    await pusher.stop()
  }
})

test('a second push of the same image changes nothing', async () => {
  const reference = `${registry().repository('docker-twice')}:v1`
  const daemon = await startDockerd(workspace(), 'daemon')
  try {
    await build(daemon, reference)
    await daemon.docker('push', reference)
    const digest = await registry().headManifest(reference)
    expect(await daemon.docker('push', reference)).toContain('Layer already exists')
    expect(await registry().headManifest(reference)).toBe(digest)
  } finally {
    await daemon.stop()
  }
})
