import { guardOfManifest } from '../../guards/guarded.ts'
import { protect } from '../../guards/protect.ts'
import { rescueWrites } from '../../guards/transition.ts'
import type { Digest } from '../../oci/digest.ts'
import type { TransactOperation } from '../../ports.ts'
import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transact.ts'
import type { RepositoryRef } from '../../table.ts'
import { logged, type RegistryContext } from '../context.ts'
import { firstOf, type Push } from './commit.ts'
import { parseManifestRecord, type TagRecord } from './items.ts'
import type { Seen } from './look.ts'
import { pointTag } from './point.ts'

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
    ...logged(context, 'create', 'artifact', {
      ...repository,
      name,
      reference: firstOf(moved, digest),
    }),
  ])
  return outcome.done && (await isHeld(store, target, present))
}

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
 * tags. One that was condemned is rescued in the same stroke.
 */
export const keep = (
  store: Store,
  target: Target,
  { guard, record }: Present,
): readonly TransactOperation[] => {
  if (guard.state === 'CONDEMNED') {
    return rescueWrites(store, guard, guardOfManifest(target, target.digest))
  }
  const isAlive = {
    op: 'check',
    key: guard.key,
    conditions: [
      { kind: 'exists' },
      { kind: 'equals', name: 'inc', value: record.inc },
      { kind: 'equals', name: 'state', value: 'LIVE' },
    ],
  } as const
  return [isAlive]
}
