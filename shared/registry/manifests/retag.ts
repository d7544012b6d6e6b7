import { transition } from '../../guards/transition.ts'
import type { TransactOperation } from '../../ports.ts'
import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transact.ts'
import { logged, type RegistryContext } from '../context.ts'
import { firstOf, type Push } from './commit.ts'
import type { Seen } from './look.ts'
import { pointTag } from './point.ts'

type Present = NonNullable<Seen['present']>

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
  const target = { rid: repository.rid, digest, ...record }
  const moved = tags.filter((tag) => {
    const seen = before.get(tag)
    return seen?.digest !== digest || seen.inc !== record.inc
  })
  if (moved.length === 0 && guard.state === 'LIVE') return true
  const outcome = await transact(store, [
    keep(store, present),
    ...moved.flatMap((tag) => pointTag(store, tag, target, before.get(tag))),
    ...logged(context, 'create', 'artifact', {
      ...repository,
      name,
      reference: firstOf(moved, digest),
    }),
  ])
  return outcome.done
}

/**
 * Holds the transaction to the very incarnation that was seen, alive: a collector that condemns it later will find the
 * tags. One that was condemned is rescued in the same stroke.
 */
export const keep = (store: Store, { guard, record }: Present): TransactOperation => {
  if (guard.state === 'CONDEMNED') return transition(guard, 'LIVE', store.ids.next())
  return {
    op: 'check',
    key: guard.key,
    conditions: [
      { kind: 'exists' },
      { kind: 'equals', name: 'inc', value: record.inc },
      { kind: 'equals', name: 'state', value: 'LIVE' },
    ],
  }
}
