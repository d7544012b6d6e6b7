import { isImageIndex } from '../oci/media-types.ts'
import type { ManifestRecord } from '../registry/manifests/items.ts'

const IMAGE_CONFIGS: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
])
const HELM_CONFIG = 'application/vnd.cncf.helm.config.v1+json'
const EMPTY_CONFIG = 'application/vnd.oci.empty.v1+json'
/** Harbor reads the type of what it does not know out of the config's media type (`processor/default.go`). */
const VENDOR_TYPE = /^application\/vnd\.[^.]+\.(.+?)\.(?:config|manifest)(?:\..*)?$/
const KNOWN: Readonly<Record<string, string>> = {
  [HELM_CONFIG]: 'CHART',
  'application/vnd.cnab.manifest.v1': 'CNAB',
  'application/vnd.cnab.bundle.config.v1+json': 'CNAB',
  'application/vnd.cncf.model.config.v1+json': 'CNAI',
  'application/vnd.cncf.model.manifest.v1+json': 'CNAI',
  'application/vnd.wasm.config.v1+json': 'WASM',
  'application/vnd.cncf.notary.signature': 'SIGNATURE',
  'application/vnd.dev.cosign.artifact.sig.v1+json': 'SIGNATURE',
  'application/vnd.goharbor.harbor.sbom.v1': 'SBOM',
  'application/spdx+json': 'SBOM',
  'application/vnd.cyclonedx+json': 'SBOM',
}

export const UNKNOWN_TYPE = 'UNKNOWN'

/** What Harbor calls the type of an artifact: `IMAGE`, `CHART`, and so on. */
export const typeOf = ({ mediaType, configType, artifactType }: ManifestRecord): string => {
  if (artifactType !== undefined && KNOWN[artifactType] !== undefined) return KNOWN[artifactType]
  if (configType !== undefined) {
    if (IMAGE_CONFIGS.has(configType)) return 'IMAGE'
    if (KNOWN[configType] !== undefined) return KNOWN[configType]
  }
  if (isImageIndex(mediaType) && artifactType === undefined) return 'IMAGE'
  const told = configType === undefined || configType === EMPTY_CONFIG ? artifactType : configType
  return VENDOR_TYPE.exec(told ?? '')?.[1]?.toUpperCase() ?? UNKNOWN_TYPE
}

/** What Harbor calls its media type: that of the config, where there is one. */
export const mediaTypeOf = ({ configType, mediaType }: ManifestRecord): string =>
  configType ?? mediaType

/** What more can be asked about an artifact of a type. */
export const additionsOf = (type: string, { mediaType }: ManifestRecord): readonly string[] => {
  if (type === 'IMAGE') return isImageIndex(mediaType) ? [] : ['build_history']
  return type === 'CHART' ? ['readme.md', 'values.yaml', 'dependencies', 'files'] : []
}
