/** Media types of manifests (image-spec media-types.md; Docker image manifest version 2, schema 2). */
export const MEDIA_TYPE = {
  imageManifest: 'application/vnd.oci.image.manifest.v1+json',
  imageIndex: 'application/vnd.oci.image.index.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const

const IMAGE_MANIFESTS: ReadonlySet<string> = new Set([
  MEDIA_TYPE.imageManifest,
  MEDIA_TYPE.dockerManifest,
])
const IMAGE_INDEXES: ReadonlySet<string> = new Set([
  MEDIA_TYPE.imageIndex,
  MEDIA_TYPE.dockerManifestList,
])
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:json|prettyjws)$/
const NONDISTRIBUTABLE = /\.(?:nondistributable|foreign)\./

export const isImageManifest = (mediaType: string): boolean => IMAGE_MANIFESTS.has(mediaType)
export const isImageIndex = (mediaType: string): boolean => IMAGE_INDEXES.has(mediaType)
export const isSchema1 = (mediaType: string): boolean => SCHEMA_1.test(mediaType)

/** Layers that registries need not hold (image-spec layer.md, "Non-Distributable Layers"; Docker's foreign layers). */
export const isNondistributable = (mediaType: string): boolean => NONDISTRIBUTABLE.test(mediaType)

/** The media type of a header, without its parameters and in lower case; `undefined` when the header is absent. */
export const essenceOf = (header: string | undefined): string | undefined => {
  const essence = header?.split(';', 1)[0]?.trim().toLowerCase()
  return essence === '' ? undefined : essence
}
