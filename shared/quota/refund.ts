import type { UpdateItem } from '../ports.ts'
import { randomBelow } from '../store/random.ts'
import type { Store } from '../store/store.ts'
import type { ProjectId } from '../table.ts'
import { keyOfPart, SHARDS } from './items.ts'
import { isKnownSpread } from './spread.ts'

/**
 * Gives back what a charge took; goes with the removal of the link. A shard that is given something does not spend it:
 * the first item may be below 0, and then it pays that off.
 */
export const refund = (store: Store, pid: ProjectId, sizeBytes: number): UpdateItem => {
  const number = isKnownSpread(store, pid) ? 1 + randomBelow(store.ids, SHARDS) : 0
  const to = number === 0 ? 'available' : 'returned'
  return {
    op: 'update',
    key: keyOfPart(pid, number),
    add: { [to]: sizeBytes, used: -sizeBytes, links: -1 },
    conditions: [{ kind: 'exists' }],
  }
}
