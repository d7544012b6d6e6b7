import * as z from 'zod'
import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/reference.ts'
import type { Item } from '../ports.ts'
import { unpackDigests } from '../registry/manifests/children.ts'
import type { ObjectId } from '../table.ts'

const bytes = z.instanceof(Uint8Array)
const times = { at: z.number(), until: z.number() }

const manifestItem = z.object({
  ...{ ...times, mediaType: z.string(), oid: z.string().optional() },
  isSparse: z.boolean().optional(),
  lacking: bytes.optional(),
})
const tagItem = z.object({ ...times, digest: z.string() })
const repositoryItem = z.object(times)
const entryItem = z.object({
  ...{ ...times, digest: z.string(), tag: z.string().optional() },
  ...{ mediaType: z.string().optional(), size: z.number().optional() },
  contentSize: z.number().optional(),
  artifactType: z.string().optional(),
  configType: z.string().optional(),
})

/** A manifest in the trash, but for its bytes. */
export type TrashedManifest = {
  readonly mediaType: string
  /** Of its bytes, where they are not in the record. */
  readonly oid: ObjectId | undefined
  /** It may refer to what is not there. */
  readonly isSparse: boolean
  /** Blobs that it referred to without having them. */
  readonly lacking: readonly Digest[]
}

export const parseTrashedManifest = (item: Item): TrashedManifest => {
  const { isSparse = false, lacking, mediaType, oid } = manifestItem.parse(item)
  return {
    ...{ mediaType, isSparse, oid: oid as ObjectId | undefined },
    lacking: lacking === undefined ? [] : unpackDigests(lacking),
  }
}

/** Where a tag in the trash led. */
export const parseTrashedTag = (item: Item): Digest => tagItem.parse(item).digest as Digest

/** When a repository was deleted, and until when its images can be brought back; epoch milliseconds. */
export const parseDeletedAt = (item: Item): { readonly at: number; readonly until: number } =>
  repositoryItem.parse(item)

/** What the list of the trash says of a deleted manifest, or of a deleted tag. */
export type TrashEntry = {
  /** When it was deleted, and until when it can be brought back; epoch milliseconds. */
  readonly deletedAt: number
  readonly until: number
  /** Of the manifest, or where the tag led. */
  readonly digest: Digest
  /** Absent: it is the manifest itself. */
  readonly tag?: Tag | undefined
  readonly mediaType?: string | undefined
  readonly artifactType?: string | undefined
  /** With everything that it refers to but other manifests. */
  readonly sizeBytes?: number | undefined
}

/** Trusts the table: what is there was parsed when it was written. */
export const parseTrashEntry = (item: Item): TrashEntry => {
  const { artifactType, at, configType, contentSize, digest, mediaType, size, tag, until } =
    entryItem.parse(item)
  return {
    ...{ deletedAt: at, until, digest: digest as Digest, tag: tag as Tag | undefined, mediaType },
    artifactType: artifactType ?? configType,
    sizeBytes: contentSize ?? size,
  }
}
