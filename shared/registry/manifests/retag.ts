import { guardOfManifest } from '../../guards/guarded.ts'
import { protect } from '../../guards/protect.ts'
import { rescueWrites } from '../../guards/transition.ts'
import type { Digest } from '../../oci/digest.ts'
import type { TransactOperation } from '../../ports.ts'
import { asSeen } from '../../store/checks.ts'
import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transact.ts'
import type { RepositoryRef } from '../../table.ts'
import { logged, type RegistryContext } from '../context.ts'
import { parseListedAs, parseManifestRecord, type TagRecord } from './items.ts'
import type { Seen } from './look.ts'
import { pointTag } from './point.ts'
import { firstOf, type Push } from './push.ts'
import { relistAtOnce, reviewListing } from './relist.ts'

type Present = NonNullable<Seen['present']>
type Target = RepositoryRef & { readonly digest: Digest }

/**
 * A push of a manifest that is there already: its tags are pointed at it, and nothing at all is written when they do so
 * already. Answers false when the manifest or a tag changed since they were seen.
 */
export const retag = async (
  context: RegistryContext,
  present: Present,
  { digest, name, tags }: Pick<Push, 'digest' | 'name' | 'tags'>,
  { repository, tags: before }: Seen,
): Promise<boolean> => {
  const { store } = context
  const { guard, record } = present
  const target = { ...repository, digest, ...record }
  const moved = tags.filter((tag) => {
    const seen = before.get(tag)
    return seen?.digest !== digest || seen.inc !== record.inc
  })
  if (moved.length === 0 && guard.state === 'LIVE') {
    const isSettled = tags.every((tag) => isLongSettled(store, before.get(tag)))
    return isSettled || (await isHeld(store, target, present))
  }
  const outcome = await transact(store, [
    ...keep(store, target, present),
    ...moved.flatMap((tag) => pointTag(store, tag, target, before.get(tag))),
    ...(moved.length === 0 ? [] : reviewOfPart(store, target, present)),
    ...logged(context, 'create', 'artifact', {
      ...repository,
      name,
      reference: firstOf(moved, digest),
    }),
  ])
  if (!outcome.done || !(await isHeld(store, target, present))) return false
  if (isPart(present)) await relistAtOnce(store, target, [digest])
  return true
}

/** Whether it was listed as a part: with a tag it is an artifact of its own. */
export const isPart = ({ guard }: Present): boolean => parseListedAs(guard.item) === 'part'

/** What comes with a tag of a part: the look by which it is listed anew. Behind the tag's hold, which it must see. */
export const reviewOfPart = (
  store: Store,
  target: Target,
  present: Present,
): readonly TransactOperation[] => (isPart(present) ? [reviewListing(store, target)] : [])

/** No transaction takes so long to become visible as a whole. */
const VISIBLE_MS = 10 * 60_000

/** Whether whoever pointed the tag has done so long ago: else its hold may be seen after the tag itself. */
const isLongSettled = ({ clock }: Store, tag: TagRecord | undefined): boolean =>
  tag !== undefined && clock.now() - tag.pushedAt > VISIBLE_MS

/**
 * Whether the very incarnation that was seen is there, and stays: to be asked when its new tags are acknowledged. A
 * transaction becomes visible item by item, and a collector may have looked for holders in between.
 */
export const isHeld = async (
  store: Store,
  target: Target,
  { guard, record }: Present,
): Promise<boolean> => {
  const { guards } = await protect(store, [guardOfManifest(target, target.digest)])
  const item = guards.get(guard.key)
  return item !== undefined && parseManifestRecord(item).inc === record.inc
}

/**
 * Holds the transaction to the very incarnation that was seen, alive: a collector that condemns it later will find the
 * tags. One that was condemned is rescued in the same stroke. And to the list that it was seen in: whoever has it listed
 * elsewhere later will find the tags, too.
 */
export const keep = (
  store: Store,
  target: Target,
  { guard, record }: Present,
): readonly TransactOperation[] => {
  const isListedAsSeen = asSeen(guard.item, 'listedAs')
  if (guard.state === 'CONDEMNED') {
    return rescueWrites(store, guard, guardOfManifest(target, target.digest), isListedAsSeen)
  }
  const isAlive = {
    op: 'check',
    key: guard.key,
    conditions: [
      ...isListedAsSeen,
      { kind: 'equals', name: 'inc', value: record.inc },
      { kind: 'equals', name: 'state', value: 'LIVE' },
    ],
  } as const
  return [isAlive]
}
