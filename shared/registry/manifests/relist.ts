import { sideBySide } from '../../limiter.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Item, PutItem, TransactOperation } from '../../ports.ts'
import { asSeen } from '../../store/checks.ts'
import { getItem, queryPage } from '../../store/query.ts'
import { timesOf, type Store } from '../../store/store.ts'
import { transact } from '../../store/transact.ts'
import { key, prefix, type ListedAs, type RepositoryId, type RepositoryRef } from '../../table.ts'
import { enqueue } from '../../tasks/tasks.ts'
import { countArtifact, timesCounted } from './counts.ts'
import { parseListedAs, parseManifestRecord, summaryIn } from './items.ts'

type Target = RepositoryRef & { readonly digest: Digest }

/** A request does so many itself; those of a larger index are for the worker of its task. */
const MOST_IN_A_REQUEST = 200

/**
 * Lists a manifest where it belongs: among the parts when an index holds it and no tag does. Answers its guard as it is
 * then; `undefined`: it is gone.
 *
 * The list, its entry and its count change in one transaction with the guard, which says where the entry is; so these
 * three always agree. That the list is the right one in the end takes more, for holders come and go in other
 * transactions. Whoever lets one go, or takes hold for an index, leaves a task behind by which the manifest is looked at
 * here; whoever points a tag demands that the guard still says what was seen, and leaves such a task where that was a
 * part. And since whoever moves an entry may have looked long ago, and die, that transaction brings a later look, too:
 * with the last move comes a look that sees all holders.
 */
export const relist = async (
  store: Store,
  repository: RepositoryRef,
  digest: Digest,
): Promise<Item | undefined> => {
  for (;;) {
    const { belongs, guard } = await whereListed(store, repository.rid, digest)
    if (guard === undefined || belongs === parseListedAs(guard)) return guard
    // Refused: somebody else did it. Either way it is looked at again: a tag may have come since.
    await transact(store, move(store, { ...repository, digest }, guard, belongs))
  }
}

/** Lists some manifests where they belong, side by side. */
export const relistAll = async (
  store: Store,
  repository: RepositoryRef,
  digests: readonly Digest[],
): Promise<void> => {
  await sideBySide(digests, async (digest) => await relist(store, repository, digest))
}

/**
 * As `relistAll`, by a request that has left a task for it: so that lists are right when it is answered. Should it fail,
 * what the request was for is done all the same, and the task does this.
 */
export const relistAtOnce = async (
  store: Store,
  repository: RepositoryRef,
  digests: readonly Digest[],
): Promise<void> => {
  await relistAll(store, repository, digests.slice(0, MOST_IN_A_REQUEST)).catch(() => undefined)
}

/** A manifest's guard, and in which list it belongs; read strongly. */
export const whereListed = async (
  store: Store,
  rid: RepositoryId,
  digest: Digest,
): Promise<{ readonly guard: Item | undefined; readonly belongs: ListedAs }> => {
  const at = key.manifest(rid, digest)
  const isHeld = async (by: string): Promise<boolean> => {
    const query = { pk: at.pk, sk: { prefix: by }, limit: 1, keysOnly: true } as const
    return (await queryPage(store, { ...query, read: 'strong' })).items.length > 0
  }
  const [guard, isOfIndex, isTagged] = await Promise.all([
    getItem(store, at, 'strong'),
    isHeld(prefix.holdingIndexes),
    isHeld(prefix.holdingTags),
  ])
  const isAccessory = guard !== undefined && parseManifestRecord(guard).accessoryOf !== undefined
  if (isAccessory) return { guard, belongs: 'accessory' }
  return { guard, belongs: isOfIndex && !isTagged ? 'part' : 'artifact' }
}

/** The task that looks again where a manifest is listed, when the transaction that it comes with is visible as a whole. */
export const reviewListing = (store: Store, { digest, pid, rid }: Target): PutItem =>
  enqueue(store.ids, store.clock.now() + timesOf(store).clockSkew, {
    type: 'LISTING_REVIEW',
    ...{ pid, rid, digest },
  })

/** Asks for nothing but that it is listed as it was seen: a trial of the manifest is neither hindered nor ended. */
const move = (
  store: Store,
  target: Target,
  guard: Item,
  to: ListedAs,
): readonly TransactOperation[] => {
  const { digest, rid } = target
  const { pushedAt } = parseManifestRecord(guard)
  const by = timesCounted(guard, to) - timesCounted(guard)
  return [
    {
      op: 'update',
      key: key.manifest(rid, digest),
      set: { listedAs: to },
      conditions: asSeen(guard, 'inc', 'listedAs'),
    },
    { op: 'delete', key: key.listed(rid, parseListedAs(guard), pushedAt, digest) },
    { op: 'put', item: { ...key.listed(rid, to, pushedAt, digest), ...summaryIn(guard) } },
    ...(by === 0 ? [] : [countArtifact(rid, digest, { by })]),
    reviewListing(store, target),
  ]
}
