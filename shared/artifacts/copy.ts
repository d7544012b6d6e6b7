import { DomainError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { parseManifest, type Manifest } from '../oci/manifest.ts'
import type { RepositoryName } from '../oci/name.ts'
import type { Tag } from '../oci/reference.ts'
import { mountBlob, type MayPull } from '../registry/blobs/mount.ts'
import type { RegistryContext } from '../registry/context.ts'
import { accessoryTagOf } from '../registry/manifests/accessory-tags.ts'
import { manifestUnknown, readStored } from '../registry/manifests/get.ts'
import { putManifest } from '../registry/manifests/put.ts'
import type { ListedRepository } from '../repositories/items.ts'
import { readAccessories } from './accessories.ts'
import { readTagNames } from './tags.ts'

/** One request copies so many manifests at most: an index with its parts, and what is about them. */
const MOST_MANIFESTS = 300
const BLOBS_AT_ONCE = 8
const MOST_TAGS = 1_000
/** Up to four writes each, in a transaction of at most 100. */
const TAGS_AT_ONCE = 20

/** Whoever copies may pull from there: that is asked before. */
const ALLOWED: MayPull = { from: () => true, fromAll: () => false }

/**
 * Copies an artifact into another repository without a byte of its blobs being moved: with the parts of an index, and
 * with signatures and whatever else is about it. By the same steps as a push, so everything that holds for these holds
 * here: parts come before the whole, and the tags come last.
 * @throws DomainError BAD_REQUEST when it has too many parts; RegistryError as a push, and when the source goes meanwhile
 */
export const copyArtifact = async (
  context: RegistryContext,
  from: ListedRepository,
  digest: Digest,
  to: RepositoryName,
  tags: readonly Tag[],
): Promise<void> => {
  if (tags.length > MOST_TAGS) {
    throw new DomainError('BAD_REQUEST', `one request copies at most ${MOST_TAGS} tags`)
  }
  const plan = new Map<Digest, readonly Tag[]>()
  await planManifest(context, from, digest, plan)
  plan.set(digest, tags)
  const accessories = new Map<Digest, readonly Tag[]>()
  await planAccessories(context, from, [...plan.keys()], accessories)
  if (plan.size + accessories.size > MOST_MANIFESTS) throw tooMany()
  for (const [one, itsTags] of [...plan, ...accessories]) {
    await copyManifest(context, from, one, to, itsTags)
  }
}

/** Puts a manifest into a plan behind what it refers to. */
const planManifest = async (
  context: RegistryContext,
  from: ListedRepository,
  digest: Digest,
  plan: Map<Digest, readonly Tag[]>,
): Promise<void> => {
  if (plan.has(digest)) return
  if (plan.size >= MOST_MANIFESTS) throw tooMany()
  const { manifests } = await readManifestOf(context, from, digest)
  for (const child of manifests) await planManifest(context, from, child.digest, plan)
  plan.set(digest, [])
}

/** What is about some manifests, and what is about that. */
const planAccessories = async (
  context: RegistryContext,
  from: ListedRepository,
  subjects: readonly Digest[],
  plan: Map<Digest, readonly Tag[]>,
): Promise<void> => {
  const { store } = context
  const open = [...subjects]
  for (let subject = open.shift(); subject !== undefined; subject = open.shift()) {
    for (const { digest } of await readAccessories(store, from.rid, subject)) {
      if (plan.has(digest)) continue
      await planManifest(context, from, digest, plan)
      const names = await readTagNames(store, from.rid, digest)
      plan.set(
        digest,
        names.filter((tag) => accessoryTagOf(tag) !== undefined),
      )
      open.push(digest)
    }
  }
}

const copyManifest = async (
  context: RegistryContext,
  from: ListedRepository,
  digest: Digest,
  to: RepositoryName,
  tags: readonly Tag[],
): Promise<void> => {
  const { blobs, bytes, mediaType } = await readManifestOf(context, from, digest)
  for (let at = 0; at < blobs.length; at += BLOBS_AT_ONCE) {
    await Promise.all(
      blobs
        .slice(at, at + BLOBS_AT_ONCE)
        // What is not there is for the push to judge.
        .map(async (blob) => await mountBlob(context, to, blob.digest, from.name, ALLOWED)),
    )
  }
  const reference = { kind: 'digest', digest } as const
  for (let at = 0; at === 0 || at < tags.length; at += TAGS_AT_ONCE) {
    const some = tags.slice(at, at + TAGS_AT_ONCE)
    await putManifest(context, to, { reference, tags: some, bytes, contentType: mediaType })
  }
}

const readManifestOf = async (
  context: RegistryContext,
  { rid }: ListedRepository,
  digest: Digest,
): Promise<Manifest & { readonly bytes: Uint8Array }> => {
  const stored = await readStored(context, rid, digest, 'strong')
  if (stored === undefined) throw manifestUnknown({ kind: 'digest', digest })
  return { ...parseManifest(stored.bytes, stored.mediaType), bytes: stored.bytes }
}

const tooMany = (): DomainError =>
  new DomainError('BAD_REQUEST', `one request copies at most ${MOST_MANIFESTS} manifests`)
