/** Puts small things into a registry over HTTP, and proves that they can be read, before anything is measured. */
import { json, sha256 } from './layout.ts'
import { ACCEPT } from './load.ts'
import { BenchError } from './options.ts'
import type { Server } from './servers.ts'

export type Seeded = { readonly repository: string; readonly digest: string; readonly blob: string }

const BLOB_BYTES = 4096
const WRITERS = 32

/** A repository with one small image and `tags` tags of it, the same bytes at every registry. */
export const seed = async (server: Server, repository: string, tags: number): Promise<Seeded> => {
  const layer = Buffer.alloc(BLOB_BYTES, 'roadstead')
  const config = json({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [] },
  })
  for (const blob of [layer, config]) await putBlob(server, repository, blob)
  const manifest = json({
    schemaVersion: 2,
    mediaType: ACCEPT,
    config: describe('application/vnd.oci.image.config.v1+json', config),
    layers: [describe('application/vnd.oci.image.layer.v1.tar', layer)],
  })
  let next = 0
  const write = async (): Promise<void> => {
    while (next < tags) {
      const tag = tagName(next)
      next += 1
      await putManifest(server, repository, tag, manifest)
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, write))
  return {
    repository,
    digest: `sha256:${sha256(manifest)}`,
    blob: `sha256:${sha256(layer)}`,
  }
}

export const tagName = (index: number): string => `v${String(index).padStart(6, '0')}`

/** Begins an upload; answers the URL for the bytes of a blob with that digest. */
export const startUpload = async (
  { url }: Server,
  repository: string,
  digest: string,
): Promise<URL> => {
  const started = await expectStatus(`${url}/v2/${repository}/blobs/uploads/`, 202, {
    method: 'POST',
  })
  const location = new URL(started.headers.get('location') ?? '', url)
  location.searchParams.set('digest', digest)
  return location
}

/** Makes a request; throws a `BenchError` for any other status. */
export const expectStatus = async (
  url: string | URL,
  status: number,
  init: RequestInit = {},
): Promise<Response> => {
  const answer = await fetch(url, init)
  if (answer.status === status) return answer
  const text = (await answer.text()).slice(0, 200)
  throw new BenchError(`${init.method ?? 'GET'} ${String(url)}: ${answer.status} ${text}`)
}

const putBlob = async (server: Server, repository: string, bytes: Buffer): Promise<void> => {
  const location = await startUpload(server, repository, `sha256:${sha256(bytes)}`)
  const answer = await expectStatus(location, 201, { method: 'PUT', body: new Uint8Array(bytes) })
  await answer.arrayBuffer()
}

const putManifest = async (
  { url }: Server,
  repository: string,
  tag: string,
  manifest: Buffer,
): Promise<void> => {
  const answer = await expectStatus(`${url}/v2/${repository}/manifests/${tag}`, 201, {
    method: 'PUT',
    body: new Uint8Array(manifest),
    headers: { 'content-type': ACCEPT },
  })
  await answer.arrayBuffer()
}

const describe = (mediaType: string, bytes: Buffer) => ({
  mediaType,
  digest: `sha256:${sha256(bytes)}`,
  size: bytes.byteLength,
})
