import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const MIB = 1024 * 1024
const OCI = 'application/vnd.oci.image'

/**
 * Writes an OCI layout of one layer that is mostly holes: as large as one likes, and hardly any of it on disk. Answers
 * the digest of the layer.
 */
export const writeSparseImage = async (path: string, layerBytes: number): Promise<string> => {
  const blobs = join(path, 'blobs', 'sha256')
  await mkdir(blobs, { recursive: true })
  const file = join(blobs, 'layer')
  const handle = await open(file, 'w')
  await handle.truncate(layerBytes)
  await handle.write(randomBytes(16), 0, 16, Math.floor(layerBytes / 2))
  await handle.close()
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file, { highWaterMark: MIB })) {
    if (piece instanceof Uint8Array) hash.update(piece)
  }
  const layer = hash.digest('hex')
  await rename(file, join(blobs, layer))
  const put = async (mediaType: string, value: unknown) => {
    const bytes = Buffer.from(JSON.stringify(value))
    const digest = createHash('sha256').update(bytes).digest('hex')
    await writeFile(join(blobs, digest), bytes)
    return { mediaType, digest: `sha256:${digest}`, size: bytes.byteLength }
  }
  const config = await put(`${OCI}.config.v1+json`, {
    ...{ architecture: 'amd64', os: 'linux' },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
  })
  const mediaType = `${OCI}.manifest.v1+json`
  const manifest = await put(mediaType, {
    ...{ schemaVersion: 2, mediaType, config },
    layers: [{ mediaType: `${OCI}.layer.v1.tar`, digest: `sha256:${layer}`, size: layerBytes }],
  })
  const annotations = { 'org.opencontainers.image.ref.name': 'v1' }
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] }
  await writeFile(join(path, 'index.json'), JSON.stringify(index))
  await writeFile(join(path, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  return `sha256:${layer}`
}
