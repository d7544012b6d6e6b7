import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { tarOf } from './tar.ts'

export type Compression = 'none' | 'gzip' | 'zstd'

export type ImageOptions = {
  readonly layers?: number
  readonly layerBytes?: number
  readonly compression?: Compression
}

type Descriptor = {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly platform?: Platform
}
type Platform = { readonly os: string; readonly architecture: string }

/** An OCI image layout with one entry, tagged `v1`, and the digest of that entry. */
export type Layout = { readonly path: string; readonly digest: string }

const COMPRESSIONS = {
  none: { suffix: '', compress: (bytes: Buffer) => bytes },
  gzip: { suffix: '+gzip', compress: (bytes: Buffer) => gzipSync(bytes) },
  zstd: { suffix: '+zstd', compress: (bytes: Buffer) => zstdCompressSync(bytes) },
} as const

const OCI = 'application/vnd.oci.image'

/** Writes an image whose layers hold random bytes, so that no two images share one. */
export const writeImage = async (path: string, options: ImageOptions = {}): Promise<Layout> => {
  await mkdir(join(path, 'blobs', 'sha256'), { recursive: true })
  return await finish(path, await writeManifest(path, 'amd64', options))
}

/** Writes an index of two images, for two architectures. */
export const writeIndex = async (path: string): Promise<Layout> => {
  await mkdir(join(path, 'blobs', 'sha256'), { recursive: true })
  const manifests: Descriptor[] = []
  for (const architecture of ['amd64', 'arm64']) {
    const manifest = await writeManifest(path, architecture, {})
    manifests.push({ ...manifest, platform: { os: 'linux', architecture } })
  }
  const mediaType = `${OCI}.index.v1+json`
  return await finish(
    path,
    await writeJson(path, mediaType, { schemaVersion: 2, mediaType, manifests }),
  )
}

/** The digests of all blobs of a layout, sorted; throws when a file is not what its name says. */
export const blobsOf = async (path: string): Promise<readonly string[]> => {
  const directory = join(path, 'blobs', 'sha256')
  const names = (await readdir(directory)).toSorted()
  for (const name of names) {
    const found = digestOf(await readFile(join(directory, name)))
    if (found !== `sha256:${name}`) throw new Error(`${name} holds the bytes of ${found}`)
  }
  return names
}

/** The sha256 digest of some bytes. */
export const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

const finish = async (path: string, entry: Descriptor): Promise<Layout> => {
  const annotations = { 'org.opencontainers.image.ref.name': 'v1' }
  const index = { schemaVersion: 2, manifests: [{ ...entry, annotations }] }
  await writeFile(join(path, 'index.json'), JSON.stringify(index))
  await writeFile(join(path, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  return { path, digest: entry.digest }
}

const writeManifest = async (
  path: string,
  architecture: string,
  { layers = 2, layerBytes = 20_000, compression = 'gzip' }: ImageOptions,
): Promise<Descriptor> => {
  const { suffix, compress } = COMPRESSIONS[compression]
  const diffIds: string[] = []
  const descriptors: Descriptor[] = []
  for (let number = 0; number < layers; number += 1) {
    const tar = tarOf(`file-${number}`, randomBytes(layerBytes))
    diffIds.push(digestOf(tar))
    descriptors.push(await writeBlob(path, `${OCI}.layer.v1.tar${suffix}`, compress(tar)))
  }
  const config = await writeJson(path, `${OCI}.config.v1+json`, {
    ...{ os: 'linux', architecture, config: { Entrypoint: ['/file-0'] } },
    rootfs: { type: 'layers', diff_ids: diffIds },
  })
  const mediaType = `${OCI}.manifest.v1+json`
  return await writeJson(path, mediaType, {
    ...{ schemaVersion: 2, mediaType, config },
    layers: descriptors,
  })
}

const writeJson = async (path: string, mediaType: string, value: unknown): Promise<Descriptor> =>
  await writeBlob(path, mediaType, Buffer.from(JSON.stringify(value)))

const writeBlob = async (path: string, mediaType: string, bytes: Buffer): Promise<Descriptor> => {
  const digest = digestOf(bytes)
  await writeFile(join(path, 'blobs', 'sha256', digest.slice('sha256:'.length)), bytes)
  return { mediaType, digest, size: bytes.byteLength }
}
