import { createHash } from 'node:crypto'
import * as z from 'zod'
import { isDigest, type Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { Annotations, Manifest } from '../../oci/manifest.ts'
import { parseManifest } from '../../oci/manifest.ts'
import type { RepositoryName } from '../../oci/name.ts'
import type { Item, PutItem } from '../../ports.ts'
import { queryPage } from '../../store/query.ts'
import { key, prefix, SCHEMA_VERSION, type Incarnation, type RepositoryId } from '../../table.ts'
import type { RegistryContext } from '../context.ts'
import { readManifest } from '../manifests/get.ts'
import { MAX_ARTIFACT_TYPE } from '../manifests/items.ts'

/** What the list of referrers says of one of them (distribution-spec, "Listing Referrers"). */
export type ReferrerDescriptor = {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly artifactType?: string | undefined
  readonly annotations?: Annotations | undefined
}

/** Above this the entry leaves the annotations out, and the list reads them from the manifest itself. */
const MAX_INLINE_ANNOTATIONS = 64 * 1024
const PAGE = 200

const descriptorItem = z.object({ descriptor: z.string(), partial: z.boolean() })
const descriptorJson = z.object({
  mediaType: z.string(),
  digest: z.string(),
  size: z.number(),
  artifactType: z.string().optional(),
  annotations: z.record(z.string(), z.string()).optional(),
})

/** An artifact type as a part of a key: itself, or its hash where it is long or holds what keys must not. */
const typeKey = (artifactType: string | undefined): string => {
  if (artifactType === undefined) return '-'
  return artifactType.length <= MAX_ARTIFACT_TYPE && /^[\x21-\x22\x24-\x7e]+$/.test(artifactType)
    ? artifactType
    : createHash('sha256').update(artifactType).digest('base64url')
}

/** Where the entry of a referrer is, in the partition of its subject. */
export const referrerKey = (
  rid: RepositoryId,
  subject: Digest,
  artifactType: string | undefined,
  digest: Digest,
  inc: Incarnation,
) => key.referrer(rid, subject, typeKey(artifactType), digest, inc)

/** The referrer that a key (`REFERRER#`) is about. */
export const digestOfReferrer = (sk: string): Digest => sk.split('#').at(-2) as Digest

/** The entry of a manifest among the referrers of its subject. */
export const putReferrer = (
  rid: RepositoryId,
  subject: Digest,
  manifest: Manifest,
  digest: Digest,
  sizeBytes: number,
  inc: Incarnation,
): PutItem => {
  const { mediaType, artifactType, annotations } = manifest
  const partial = JSON.stringify(annotations ?? {}).length > MAX_INLINE_ANNOTATIONS
  const descriptor: ReferrerDescriptor = {
    mediaType,
    digest,
    size: sizeBytes,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined || partial ? {} : { annotations }),
  }
  return {
    op: 'put',
    item: {
      ...referrerKey(rid, subject, artifactType, digest, inc),
      v: SCHEMA_VERSION,
      descriptor: JSON.stringify(descriptor),
      partial,
    },
  }
}

export type ReferrersPage = {
  readonly referrers: readonly ReferrerDescriptor[]
  /** What to give as `last` for the next page. */
  readonly next?: string
}

/**
 * Manifests whose subject is a digest, whether that exists or not; by artifact type if one is given.
 * @throws RegistryError UNSUPPORTED (400) for a `last` that no page of this list gave
 */
export const listReferrers = async (
  context: RegistryContext,
  name: RepositoryName,
  subject: Digest,
  options: { readonly artifactType?: string | undefined; readonly last?: string | undefined },
): Promise<ReferrersPage> => {
  const repository = await context.repositories.forPull(name)
  if (repository === undefined) return { referrers: [] }
  const { pk } = key.manifest(repository.rid, subject)
  const all = prefix.referrers
  const wanted =
    options.artifactType === undefined ? all : prefix.referrersOfType(typeKey(options.artifactType))
  const after = options.last === undefined ? undefined : decodeCursor(options.last, wanted)
  const page = await queryPage(context.store, {
    pk,
    sk: { prefix: wanted },
    limit: PAGE,
    read: 'eventual',
    ...(after === undefined ? {} : { after }),
  })
  const items = upToPartial(page.items)
  const referrers = await Promise.all(
    items.map(async (item) => await describe(context, name, item)),
  )
  const cut = items.length < page.items.length ? items.at(-1)?.sk : page.next
  return { referrers, ...(cut === undefined ? {} : { next: encodeCursor(cut) }) }
}

/**
 * One whose annotations are in the manifest has a page of its own: they may have four megabytes, a page of the others has
 * one, and an answer on Lambda cannot hold both.
 */
const upToPartial = (items: readonly Item[]): readonly Item[] => {
  const first = items.findIndex((item) => item['partial'] === true)
  return first < 0 ? items : items.slice(0, Math.max(1, first))
}

const describe = async (
  context: RegistryContext,
  name: RepositoryName,
  item: Item,
): Promise<ReferrerDescriptor> => {
  const { descriptor, partial } = descriptorItem.parse(item)
  const inline = descriptorJson.parse(JSON.parse(descriptor))
  if (!partial || !isDigest(inline.digest)) return inline
  const reference = { kind: 'digest', digest: inline.digest } as const
  const { bytes, mediaType } = await readManifest(context, name, reference)
  return { ...inline, annotations: parseManifest(bytes, mediaType).annotations }
}

const MAX_CURSOR = 1_024

const encodeCursor = (sk: string): string => Buffer.from(sk).toString('base64url')

const decodeCursor = (last: string, wanted: string): string => {
  const sk = Buffer.from(last, 'base64url').toString()
  if (sk.startsWith(wanted) && sk.length <= MAX_CURSOR && encodeCursor(sk) === last) return sk
  throw new RegistryError('UNSUPPORTED', {
    status: 400,
    message: 'last must come from the Link header of the page before',
  })
}
