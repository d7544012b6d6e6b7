import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../../shared/memory/random.ts'
import { digestOf } from '../support/layout.ts'
import { tarOf } from '../support/tar.ts'

/** An image, or an index of two of them, in an OCI layout under the tag `v1`. */
export type Image = {
  readonly path: string
  readonly digest: string
  readonly isIndex: boolean
  /** The names of its blobs, and of its manifests, as files of a layout have them. */
  readonly blobs: readonly string[]
  readonly manifests: readonly string[]
}

type Blob = { readonly digest: string; readonly bytes: Buffer }
type Descriptor = { readonly mediaType: string; readonly digest: string; readonly size: number }

const OCI = 'application/vnd.oci.image'
/** Few, so that images meet in them; of several chunks, of one, and smaller than one. */
const SHARED_LAYER_BYTES = [900, 900, 30_000, 30_000, 250_000, 250_000, 1_100_000, 2_300_000]
const OWN_LAYER_BYTES = [1, 40_000, 600_000]
const INDEXES = 0.25

/** Makes images that share layers with one another, each with a layer and a configuration of its own. */
export const createImages = (directory: string, random: Random) => {
  const shared = SHARED_LAYER_BYTES.map((size, number) => layer(`shared-${number}`, size, random))
  let made = 0
  let layouts = 0

  const image = async (path: string, architecture: string): Promise<readonly Blob[]> => {
    made += 1
    const own = layer(`own-${made}`, random.pick(OWN_LAYER_BYTES) ?? 1, random)
    const layers = [...shared.filter(() => random.chance(0.3)), own]
    const config = json({
      ...{ os: 'linux', architecture, config: { Entrypoint: ['/file'] } },
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    })
    const mediaType = `${OCI}.manifest.v1+json`
    const manifest = json({
      ...{ schemaVersion: 2, mediaType, config: describe(config, `${OCI}.config.v1+json`) },
      layers: layers.map((one) => describe(one, `${OCI}.layer.v1.tar`)),
    })
    const blobs = [manifest, config, ...layers]
    for (const blob of blobs) await writeFile(join(path, nameOf(blob.digest)), blob.bytes)
    return blobs
  }

  /** An index only for clients that take one for what it is. */
  return async (takesIndexes: boolean): Promise<Image> => {
    layouts += 1
    const path = join(directory, `image-${layouts}`)
    const blobs = join(path, 'blobs', 'sha256')
    await mkdir(blobs, { recursive: true })
    const isIndex = takesIndexes && random.chance(INDEXES)
    const images: (readonly Blob[])[] = []
    for (const architecture of isIndex ? ['amd64', 'arm64'] : ['amd64']) {
      images.push(await image(blobs, architecture))
    }
    const manifests = images.map(([manifest]) => manifest).filter((one) => one !== undefined)
    const entry = isIndex ? indexOf(manifests) : manifests[0]
    if (entry === undefined) throw new Error('an image without a manifest')
    if (isIndex) await writeFile(join(blobs, nameOf(entry.digest)), entry.bytes)
    const mediaType = isIndex ? INDEX : `${OCI}.manifest.v1+json`
    const annotations = { 'org.opencontainers.image.ref.name': 'v1' }
    const list = { schemaVersion: 2, manifests: [{ ...describe(entry, mediaType), annotations }] }
    await writeFile(join(path, 'index.json'), JSON.stringify(list))
    await writeFile(join(path, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
    return {
      ...{ path, isIndex, digest: entry.digest },
      blobs: namesOf(images.flatMap(([, ...others]) => others)),
      manifests: namesOf([entry, ...manifests]),
    }
  }
}

const INDEX = `${OCI}.index.v1+json`

const indexOf = (manifests: readonly Blob[]): Blob =>
  json({
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: manifests.map((manifest, number) => ({
      ...describe(manifest, `${OCI}.manifest.v1+json`),
      platform: { os: 'linux', architecture: number === 0 ? 'amd64' : 'arm64' },
    })),
  })

const namesOf = (list: readonly Blob[]): readonly string[] => [
  ...new Set(list.map(({ digest }) => nameOf(digest))),
]

const nameOf = (digest: string): string => digest.slice('sha256:'.length)

const blobOf = (bytes: Buffer): Blob => ({ digest: digestOf(bytes), bytes })
const json = (value: unknown): Blob => blobOf(Buffer.from(JSON.stringify(value)))

/** Words of 32 bits, as chance has them. */
const layer = (name: string, size: number, random: Random): Blob => {
  const words = Uint32Array.from({ length: Math.ceil(size / 4) }, () => random.below(2 ** 32))
  return blobOf(tarOf(name, Buffer.from(words.buffer).subarray(0, size)))
}

const describe = ({ bytes, digest }: Blob, mediaType: string): Descriptor => ({
  ...{ mediaType, digest },
  size: bytes.byteLength,
})
