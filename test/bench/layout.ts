/** Images as OCI layouts on disk, of random bytes: no registry has them yet, and none can squeeze them. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

export type ImageSpec = { readonly layers: number; readonly layerBytes: number }

/** About 155 MB. */
export const LARGE: ImageSpec = { layers: 5, layerBytes: 31 * 1024 * 1024 }
/** What each blob costs beside its bytes. */
export const MANY_LAYERS: ImageSpec = { layers: 100, layerBytes: 4 * 1024 }

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json'
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json'
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip'
const TAR_BLOCK_BYTES = 512

/** Writes a new image with the tag `latest`. */
export const writeLayout = async (directory: string, spec: ImageSpec): Promise<void> => {
  const blobs = join(directory, 'blobs', 'sha256')
  await mkdir(blobs, { recursive: true })
  const put = async (mediaType: string, bytes: Uint8Array) => {
    const hex = sha256(bytes)
    await writeFile(join(blobs, hex), bytes)
    return { mediaType, digest: `sha256:${hex}`, size: bytes.byteLength }
  }
  const layers = []
  const diffIds: string[] = []
  for (let index = 0; index < spec.layers; index += 1) {
    const tar = tarOf(randomBytes(spec.layerBytes))
    diffIds.push(`sha256:${sha256(tar)}`)
    // Stored, not squeezed, but gzip all the same: skopeo would spend its time on compressing a plain tar.
    layers.push(await put(LAYER_TYPE, gzipSync(tar, { level: 0 })))
  }
  const rootfs = { type: 'layers', diff_ids: diffIds }
  const config = await put(CONFIG_TYPE, json({ architecture: 'amd64', os: 'linux', rootfs }))
  const manifest = { schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers }
  const described = await put(MANIFEST_TYPE, json(manifest))
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' }
  const index = { schemaVersion: 2, manifests: [{ ...described, annotations }] }
  await writeFile(join(directory, 'index.json'), json(index))
  await writeFile(join(directory, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }))
}

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')

export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

/** A tar of one file (POSIX ustar). */
const tarOf = (content: Uint8Array): Buffer => {
  const header = Buffer.alloc(TAR_BLOCK_BYTES)
  header.write('data', 0)
  // Fields of a zeroed block: mode, size and time.
  header.write('0000644', 100)
  header.write(content.byteLength.toString(8).padStart(11, '0'), 124)
  header.write('00000000000', 136)
  // The checksum is taken with spaces in its own place.
  header.write('        0', 148)
  header.write('ustar', 257)
  header.write('00', 263)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\x00 `, 148)
  const padding = -content.byteLength & (TAR_BLOCK_BYTES - 1)
  return Buffer.concat([header, content, Buffer.alloc(padding + 2 * TAR_BLOCK_BYTES)])
}
