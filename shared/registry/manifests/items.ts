import * as z from 'zod'
import type { Digest } from '../../oci/digest.ts'
import type { Manifest } from '../../oci/manifest.ts'
import type { AttributeValue, Item } from '../../ports.ts'
import { SCHEMA_VERSION, type Incarnation, type ListedAs, type ObjectId } from '../../table.ts'

const manifestItem = z.object({
  inc: z.string(),
  mediaType: z.string(),
  size: z.number(),
  pushedAt: z.number(),
  artifactType: z.string().optional(),
  subject: z.string().optional(),
  oid: z.string().optional(),
  configType: z.string().optional(),
  contentSize: z.number().optional(),
  accessoryOf: z.string().optional(),
  pulledAt: z.number().optional(),
  isSparse: z.boolean().optional(),
})
const listedItem = z.object({ listedAs: z.enum(['artifact', 'part', 'accessory']).optional() })
const tagItem = z.object({ digest: z.string(), inc: z.string(), pushedAt: z.number() })

/** What is known of a manifest without its body. */
export type ManifestRecord = {
  readonly inc: Incarnation
  readonly mediaType: string
  readonly sizeBytes: number
  /** Epoch milliseconds. */
  readonly pushedAt: number
  readonly artifactType?: string | undefined
  readonly subject?: Digest | undefined
  /** The object that holds the body, when it is too large for the table. */
  readonly oid?: ObjectId | undefined
  /** The media type of an image manifest's config. */
  readonly configType?: string | undefined
  /** Of all that the manifest refers to but other manifests, and of itself. */
  readonly contentSize?: number | undefined
  /** The manifest that this one is a signature, an SBOM or the like of. */
  readonly accessoryOf?: Digest | undefined
  /** When it was pulled last, roughly; epoch milliseconds. */
  readonly pulledAt?: number | undefined
  /** Something that it refers to was not there when it was pushed, and had not to be. */
  readonly isSparse?: boolean | undefined
}

export type TagRecord = {
  readonly digest: Digest
  readonly inc: Incarnation
  /** When it was pointed there; epoch milliseconds. */
  readonly pushedAt: number
}

export const parseManifestRecord = (item: Item): ManifestRecord => {
  const { inc, size, subject, oid, accessoryOf, ...rest } = manifestItem.parse(item)
  return {
    ...rest,
    inc: inc as Incarnation,
    sizeBytes: size,
    subject: subject as Digest | undefined,
    oid: oid as ObjectId | undefined,
    accessoryOf: accessoryOf as Digest | undefined,
  }
}

/** In which list of its repository a manifest is, as its guard says; one that does not say so is among the artifacts. */
export const parseListedAs = (guard: Item): ListedAs =>
  listedItem.parse(guard).listedAs ?? 'artifact'

/** Trusts the table: a digest there was parsed when it was written. */
export const parseTagRecord = (item: Item): TagRecord => {
  const { digest, inc, pushedAt } = tagItem.parse(item)
  return { digest: digest as Digest, inc: inc as Incarnation, pushedAt }
}

/** What the guard, the tags and the list entry of a manifest say of it, all alike. */
export const summaryOf = (
  manifest: Manifest,
  inc: Incarnation,
  sizeBytes: number,
  pushedAt: number,
  accessoryOf?: Digest,
): Record<string, string | number> => ({
  v: SCHEMA_VERSION,
  inc,
  mediaType: manifest.mediaType,
  size: sizeBytes,
  pushedAt,
  ...(manifest.artifactType === undefined || manifest.artifactType.length > MAX_ARTIFACT_TYPE
    ? {}
    : { artifactType: manifest.artifactType }),
  ...(manifest.config === undefined || manifest.config.mediaType.length > MAX_ARTIFACT_TYPE
    ? {}
    : { configType: manifest.config.mediaType }),
  contentSize: manifest.blobs.reduce((total, { size }) => total + size, sizeBytes),
  ...(accessoryOf === undefined ? {} : { accessoryOf }),
})

const SUMMARY: ReadonlySet<string> = new Set([
  ...['v', 'inc', 'mediaType', 'size', 'pushedAt', 'artifactType', 'configType', 'contentSize'],
  'accessoryOf',
])

/** The same out of an item that says it. */
export const summaryIn = (item: Item): Readonly<Record<string, AttributeValue>> =>
  Object.fromEntries(Object.entries(item).filter(([name]) => SUMMARY.has(name)))

/** RFC 6838: 127 characters each side of the slash. Longer ones are served in the manifest, but not listed by. */
export const MAX_ARTIFACT_TYPE = 255
