import type { Item } from '../ports.ts'
import { nameOf, readAll, type Found } from '../store/batch.ts'
import type { Store } from '../store/store.ts'
import { parseGuard } from './guard.ts'
import type { Guarded } from './guarded.ts'
import { rescue } from './transition.ts'

export type Protection = {
  /** Whether all of them are there. */
  readonly held: boolean
  /** Those that are not. */
  readonly absent: readonly Guarded[]
  /** Those that are, protected whether or not the others are. */
  readonly guards: Found
}

/**
 * The second half of protecting: the caller's holders are written **and acknowledged**; now every guard is read
 * strongly, and one that was condemned is rescued. When all of them are held, none can be collected for as long as the
 * holders stay: a collector that condemns a guard after this read will see the holder.
 *
 * The order is the proof. A holder written after this read protects nothing, and neither does a read that may be
 * stale.
 */
export const protect = async (store: Store, guards: readonly Guarded[]): Promise<Protection> => {
  let open = guards
  const items = new Map<string, Item>()
  const absent: Guarded[] = []
  while (open.length > 0) {
    const found = await readAll(
      store,
      open.map(({ key }) => key),
      'strong',
    )
    const again: Guarded[] = []
    for (const each of open) {
      const item = found.get(each.key)
      if (item === undefined) {
        absent.push(each)
        continue
      }
      const guard = parseGuard(item)
      // It may be gone when it is read again: what was seen of it now says nothing.
      if (guard.state === 'CONDEMNED' && !(await rescue(store, guard, each))) again.push(each)
      else items.set(nameOf(each.key), item)
    }
    open = again
  }
  return { held: absent.length === 0, absent, guards: { get: (key) => items.get(nameOf(key)) } }
}
