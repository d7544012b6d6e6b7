import { digestOf, type Digest } from '../../shared/oci/digest.ts'
import { MEDIA_TYPE } from '../../shared/oci/media-types.ts'

/** Few blobs, so that pushes meet; of lengths that end inside, at and behind a part. */
export const BLOBS: readonly Uint8Array[] = [
  '',
  '{}',
  'abcdef',
  'ghijklm',
  'nopqrstuvwxyz0123',
].map((text) => Buffer.from(text))

const LAYER = 'application/vnd.oci.image.layer.v1.tar'
const CONFIG = 'application/vnd.oci.image.config.v1+json'

export type Built = { readonly bytes: Uint8Array; readonly digest: Digest }

const build = (json: unknown): Built => {
  const bytes = Buffer.from(JSON.stringify(json))
  return { bytes, digest: digestOf(bytes) }
}

const descriptor = (bytes: Uint8Array, mediaType: string) => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.byteLength,
})

/** An image of some blobs; with a subject it is a referrer. */
export const image = (blobs: readonly Uint8Array[], subject?: Built): Built => {
  const [config = Buffer.alloc(0), ...layers] = blobs
  return build({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.imageManifest,
    config: descriptor(config, CONFIG),
    layers: layers.map((layer) => descriptor(layer, LAYER)),
    ...(subject === undefined
      ? {}
      : { subject: descriptor(subject.bytes, MEDIA_TYPE.imageManifest) }),
    annotations: { padding: 'x'.repeat(blobs.length * 40) },
  })
}

export const index = (manifests: readonly Built[]): Built =>
  build({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.imageIndex,
    manifests: manifests.map(({ bytes }) => descriptor(bytes, MEDIA_TYPE.imageManifest)),
  })
