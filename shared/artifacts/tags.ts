import * as z from 'zod'
import { DomainError } from '../errors.ts'
import { parseGuard } from '../guards/guard.ts'
import type { Digest } from '../oci/digest.ts'
import { fullName } from '../oci/name.ts'
import { parseTag, type Tag } from '../oci/reference.ts'
import type { Item } from '../ports.ts'
import { logged, type RegistryContext } from '../registry/context.ts'
import { manifestUnknown } from '../registry/manifests/get.ts'
import { parseManifestRecord } from '../registry/manifests/items.ts'
import { pointTag } from '../registry/manifests/point.ts'
import { relistAtOnce } from '../registry/manifests/relist.ts'
import { isHeld, isPart, keep, reviewOfPart } from '../registry/manifests/retag.ts'
import { deleteTag } from '../registry/manifests/untag.ts'
import type { ListedRepository } from '../repositories/items.ts'
import { readAll } from '../store/batch.ts'
import { getItem, pages } from '../store/query.ts'
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { key, parseHolder, prefix, type RepositoryId } from '../table.ts'
import type { ArtifactEntry } from './entries.ts'
import { numberFor } from './number.ts'

const tagItem = z.object({
  digest: z.string(),
  pushedAt: z.number(),
  pulledAt: z.number().optional(),
})

export type ArtifactTag = {
  /** What Harbor's API calls `id`. */
  readonly number: number
  readonly name: Tag
  /** Epoch milliseconds. */
  readonly pushedAt: number
  /** `undefined`: never. */
  readonly pulledAt: number | undefined
}

/** A tag out of its item, if it is one of a manifest. */
export const parseArtifactTag = (
  rid: RepositoryId,
  digest: Digest,
  item: Item | undefined,
): ArtifactTag | undefined => {
  if (item === undefined) return undefined
  const { digest: of, pushedAt, pulledAt } = tagItem.parse(item)
  const name = parseTag(item.sk.slice(prefix.tags.length))
  return of === digest
    ? { number: numberFor('tag', rid, name), name, pushedAt, pulledAt }
    : undefined
}

/** The names of the tags of a manifest, in ASCII order. */
export const readTagNames = async (
  store: Store,
  rid: RepositoryId,
  digest: Digest,
): Promise<readonly Tag[]> => {
  const { pk } = key.manifest(rid, digest)
  const holding = {
    pk,
    sk: { prefix: prefix.holdingTags },
    keysOnly: true,
    read: 'strong',
  } as const
  const names: Tag[] = []
  for await (const items of pages(store, holding)) {
    names.push(...items.map(({ sk }) => parseTag(parseHolder(sk).tag)))
  }
  // A push that is under way holds it for itself.
  return [...new Set(names)]
}

/** Some tags of a manifest; those that point elsewhere by now are left out. */
export const readArtifactTags = async (
  store: Store,
  rid: RepositoryId,
  digest: Digest,
  names: readonly Tag[],
): Promise<readonly ArtifactTag[]> => {
  const found = await readAll(
    store,
    names.map((name) => key.tag(rid, name)),
    'strong',
  )
  return names.flatMap((name) => parseArtifactTag(rid, digest, found.get(key.tag(rid, name))) ?? [])
}

/**
 * Gives an artifact a tag that its repository does not have yet.
 * @throws DomainError CONFLICT; RegistryError MANIFEST_UNKNOWN when the artifact is gone
 */
export const createTag = async (
  context: RegistryContext,
  repository: ListedRepository,
  { digest }: ArtifactEntry,
  tag: Tag,
): Promise<void> => {
  const { store } = context
  const { rid, name, pid } = repository
  await contend(store, async () => {
    const item = await getItem(store, key.manifest(rid, digest), 'strong')
    if (item === undefined) throw manifestUnknown({ kind: 'digest', digest })
    const present = { guard: parseGuard(item), record: parseManifestRecord(item) }
    const target = { ...present.record, pid, rid, digest }
    const outcome = await transact(store, [
      ...pointTag(store, tag, target, undefined),
      ...keep(store, target, present),
      ...reviewOfPart(store, target, present),
      ...logged(context, 'create', 'tag', { name, pid, reference: { kind: 'tag', tag } }),
    ])
    if (outcome.done) {
      if (!(await isHeld(store, target, present))) {
        throw manifestUnknown({ kind: 'digest', digest })
      }
      if (isPart(present)) await relistAtOnce(store, target, [digest])
      return 'done'
    }
    if (outcome.reasons[0] === 'condition') {
      throw new DomainError('CONFLICT', `${fullName(name)} has a tag ${tag} already`)
    }
    return AGAIN
  })
}

/**
 * Takes a tag off an artifact.
 * @throws DomainError NOT_FOUND when it is not the artifact's
 */
export const removeTag = async (
  context: RegistryContext,
  { rid, name }: ListedRepository,
  { digest }: ArtifactEntry,
  tag: Tag,
): Promise<void> => {
  const [own] = await readArtifactTags(context.store, rid, digest, [tag])
  if (own === undefined) throw new DomainError('NOT_FOUND', `the artifact has no tag ${tag}`)
  await deleteTag(context, name, tag)
}
