import { DomainError } from '../errors.ts'
import { sideBySide } from '../limiter.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { fullReference, type Reference, type Tag } from '../oci/reference.ts'
import type { RegistryContext } from '../registry/context.ts'
import { readStored } from '../registry/manifests/get.ts'
import { readTags, type TagsBefore } from '../registry/manifests/point.ts'
import { putManifest } from '../registry/manifests/put.ts'
import type { ProjectId } from '../table.ts'
import { blobsOf, requireRoom } from './blobs.ts'
import { findDigest, sourcesOf, type Sources } from './find.ts'
import { holdAgain } from './hold-again.ts'
import { goneFor, planUndeletion, type Plan } from './plan.ts'

const MOST_TAGS = 20
const BLOBS_AT_ONCE = 8

export type Undeletion = {
  readonly pid: ProjectId
  readonly name: RepositoryName
  /** By a tag: what it led to when it was deleted, with that tag. */
  readonly reference: Reference
  readonly tags: readonly Tag[]
}

export type Undeleted = {
  readonly digest: Digest
  /** Tags that lead to it now. */
  readonly tags: readonly Tag[]
  /** Manifests that were not there before, parts before the whole. */
  readonly restored: readonly Digest[]
}

/**
 * Brings back a manifest that was deleted, with everything that it refers to, while it is in the trash. By the steps of an
 * ordinary push, so all that holds for these holds here: the repository takes hold of the blobs first, out of the trash
 * where they have gone there, and its project pays for them; then come the parts, then the whole, and the tags with it. A
 * tag that leads elsewhere is never moved. Nothing is written before all of it was found and there is room for it. A
 * repository that was deleted is made again under its name; what is about the manifest is brought back by itself.
 * @throws DomainError NOT_FOUND, PRECONDITION when a part of it is gone for good, CONFLICT for a tag that leads elsewhere,
 * BAD_REQUEST; RegistryError DENIED when the project's quota has no room, and as a push
 */
export const undelete = async (
  given: RegistryContext,
  { name, pid, reference, tags: others }: Undeletion,
): Promise<Undeleted> => {
  const tags = [...new Set([...(reference.kind === 'tag' ? [reference.tag] : []), ...others])]
  if (tags.length > MOST_TAGS) {
    throw new DomainError('BAD_REQUEST', `one request sets at most ${MOST_TAGS} tags`)
  }
  const context = { ...given, audit: told(given) }
  const sources = await sourcesOf(context.store, pid, name)
  const digest = await findDigest(context.store, sources, reference)
  const found = digest && (await find(context, sources, digest))
  if (digest === undefined || found === undefined) {
    const what = fullReference(name, reference)
    throw new DomainError('NOT_FOUND', `${what} is not in the trash, or not any more`)
  }
  const { plan, whole } = found
  await requireTags(context, sources, digest, tags)
  await requireRoom(context.store, pid, plan)
  if (plan.size > 0) await holdBlobs(context, name, plan)
  const put = async (one: Digest, { bytes, isSparse = false, mediaType }: typeof whole) =>
    await putManifest({ ...context, allowSparse: context.allowSparse || isSparse }, name, {
      reference: { kind: 'digest', digest: one },
      ...{ bytes, contentType: mediaType, tags: one === digest ? tags : [] },
      checkTags: (before) => {
        requireFree(before, tags, digest)
      },
    })
  for (const [one, planned] of plan) if (one !== digest) await put(one, planned)
  await put(digest, whole)
  return { digest, tags, restored: [...plan.keys()] }
}

/** The push asks once more; it is told before anything is held. */
const requireTags = async (
  { store }: RegistryContext,
  { present: rid }: Sources,
  digest: Digest,
  tags: readonly Tag[],
): Promise<void> => {
  if (rid === undefined) return
  requireFree(await readTags(store, rid, tags), tags, digest)
}

const requireFree = (before: TagsBefore, tags: readonly Tag[], digest: Digest): void => {
  const elsewhere = tags.find((tag) => (before.get(tag)?.digest ?? digest) !== digest)
  if (elsewhere === undefined) return
  throw new DomainError(
    'CONFLICT',
    `the tag ${elsewhere} leads to another manifest by now; choose another one, or delete it first`,
  )
}

const told = ({ audit }: RegistryContext): RegistryContext['audit'] =>
  audit && ((event) => audit({ ...event, description: 'brought back from the trash' }))

type Whole = {
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly isSparse?: boolean | undefined
}

/** Where it is there already, nothing but its tags has to come back. */
const find = async (
  context: RegistryContext,
  sources: Sources,
  digest: Digest,
): Promise<{ readonly plan: Plan; readonly whole: Whole } | undefined> => {
  const { present: rid } = sources
  const stored = rid && (await readStored(context, rid, digest, 'strong'))
  if (stored !== undefined) return { plan: new Map(), whole: stored }
  const plan = await planUndeletion(context, sources, digest)
  const whole = plan?.get(digest)
  return plan && whole && { plan, whole }
}

/** Takes hold of every blob before the first manifest comes. */
const holdBlobs = async (
  context: RegistryContext,
  name: RepositoryName,
  plan: Plan,
): Promise<void> => {
  const repository = await context.repositories.forPush(name)
  const gone = await sideBySide(
    [...blobsOf(plan).keys()],
    async (digest) =>
      (await holdAgain(context, digest, repository)) === undefined ? [digest] : [],
    BLOBS_AT_ONCE,
  )
  const [first] = [...plan.keys()].slice(-1)
  if (first !== undefined && gone.flat().length > 0) throw goneFor(first, gone.flat())
}
