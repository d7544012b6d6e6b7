import * as z from 'zod'
import { isDigest, type Digest } from './digest.ts'
import { RegistryError } from './errors.ts'
import { parseManifestJson } from './json.ts'
import {
  essenceOf,
  isImageIndex,
  isImageManifest,
  isNondistributable,
  isSchema1,
  MEDIA_TYPE,
} from './media-types.ts'

/** What a manifest points at (image-spec descriptor.md), as far as a registry cares. */
export type Descriptor = {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
}

export type Annotations = Readonly<Record<string, string>>

/** A manifest as a registry understands it; what is stored and served are the bytes themselves. */
export type Manifest = {
  readonly mediaType: string
  /** Distinct by digest; those a registry need not hold have `optional`. */
  readonly blobs: readonly (Descriptor & { readonly optional: boolean })[]
  /** What an image manifest is configured by; absent from indexes. */
  readonly config?: Descriptor | undefined
  /** Distinct by digest; of indexes only. */
  readonly manifests: readonly Descriptor[]
  readonly subject: Descriptor | undefined
  /** distribution-spec, "Listing Referrers": `artifactType`, else the config's media type for image manifests. */
  readonly artifactType: string | undefined
  readonly annotations: Annotations | undefined
}

const MAX_CHILDREN = 5_000
const SHOWN_ISSUES = 5

const descriptor = z.object({
  mediaType: z.string().min(1),
  digest: z.string().refine(isDigest, 'not a sha256 or sha512 digest'),
  size: z.int().min(0),
})
const annotations = z.record(z.string(), z.string()).nullish()

const common = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().nullish(),
  subject: descriptor.nullish(),
  annotations,
})
const image = common.extend({
  config: descriptor,
  layers: z.array(descriptor).max(MAX_CHILDREN),
})
const index = common.extend({
  manifests: z.array(descriptor).max(MAX_CHILDREN).nullable(),
})
const kind = z.object({
  schemaVersion: z.unknown().optional(),
  mediaType: z.unknown().optional(),
  config: z.unknown().optional(),
  layers: z.unknown().optional(),
  manifests: z.unknown().optional(),
})

/**
 * Reads the bytes of a manifest that came with a Content-Type.
 * @throws RegistryError MANIFEST_INVALID when they are none, or contradict the header; UNSUPPORTED for schema 1
 */
export const parseManifest = (bytes: Uint8Array, contentType: string | undefined): Manifest => {
  const json = parseManifestJson(bytes)
  const outline = kind.safeParse(json)
  if (!outline.success) throw invalid('a manifest is a JSON object')
  const mediaType = mediaTypeOf(outline.data, essenceOf(contentType))
  if (isImageManifest(mediaType)) return fromImage(mediaType, parseAs(image, json))
  return fromIndex(mediaType, parseAs(index, json))
}

/** The document decides; the header may only agree. Without either, the fields tell an image from an index. */
const mediaTypeOf = (outline: z.infer<typeof kind>, header: string | undefined): string => {
  const given = typeof outline.mediaType === 'string' ? outline.mediaType : undefined
  if (outline.schemaVersion === 1 || isSchema1(given ?? header ?? '')) {
    throw new RegistryError('UNSUPPORTED', {
      status: 400,
      message:
        'manifests of schema 1 are not supported; push the image with a client newer than Docker 1.10',
    })
  }
  if (given !== undefined && header !== undefined && given.toLowerCase() !== header) {
    throw invalid('the Content-Type header and the mediaType of the manifest differ', {
      contentType: header,
      mediaType: given,
    })
  }
  if ('manifests' in outline && outline.manifests !== undefined && outline.layers !== undefined) {
    throw invalid('a manifest has layers or manifests, not both')
  }
  const guessed = outline.manifests === undefined ? MEDIA_TYPE.imageManifest : MEDIA_TYPE.imageIndex
  const mediaType = given ?? header ?? guessed
  if (isImageManifest(mediaType) || isImageIndex(mediaType)) return mediaType
  throw invalid('unsupported media type: use an OCI or Docker image manifest or index', {
    mediaType,
  })
}

const parseAs = <T>(schema: z.ZodType<T>, json: unknown): T => {
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const issues = result.error.issues.slice(0, SHOWN_ISSUES)
  throw invalid(
    issues.map(({ path, message }) => `${path.join('.') || 'manifest'}: ${message}`).join('; '),
    { fields: issues.map(({ path }) => path.join('.')) },
  )
}

const fromImage = (mediaType: string, parsed: z.infer<typeof image>): Manifest => ({
  mediaType,
  blobs: distinct([parsed.config, ...parsed.layers]).map((blob) => ({
    ...blob,
    optional: isNondistributable(blob.mediaType),
  })),
  config: parsed.config,
  manifests: [],
  subject: parsed.subject ?? undefined,
  artifactType: nonEmpty(parsed.artifactType) ?? parsed.config.mediaType,
  annotations: parsed.annotations ?? undefined,
})

const fromIndex = (mediaType: string, parsed: z.infer<typeof index>): Manifest => ({
  mediaType,
  blobs: [],
  manifests: distinct(parsed.manifests ?? []),
  subject: parsed.subject ?? undefined,
  artifactType: nonEmpty(parsed.artifactType),
  annotations: parsed.annotations ?? undefined,
})

const nonEmpty = (text: string | null | undefined): string | undefined =>
  text === null || text === '' ? undefined : text

const distinct = <T extends { readonly digest: Digest }>(list: readonly T[]): T[] => [
  ...new Map(list.map((item) => [item.digest, item])).values(),
]

const invalid = (message: string, detail?: Record<string, unknown>): RegistryError =>
  new RegistryError('MANIFEST_INVALID', { message, ...(detail === undefined ? {} : { detail }) })
