import { DomainError } from '../errors.ts'
import type { TransactOperation, UpdateItem } from '../ports.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { key, type ProjectId } from '../table.ts'
import { keyOfPart, NO_LIMIT, UNLIMITED_BYTES, type Escrow } from './items.ts'
import { readEscrow } from './read.ts'

/**
 * Holds a storage limit to Harbor's rule: -1, or a number of bytes above 0. Answers it as it is stored.
 * @throws DomainError BAD_REQUEST
 */
export const parseLimit = (limitBytes: number): number => {
  if (limitBytes === NO_LIMIT) return UNLIMITED_BYTES
  if (Number.isInteger(limitBytes) && limitBytes > 0 && limitBytes < UNLIMITED_BYTES) {
    return limitBytes
  }
  throw new DomainError('BAD_REQUEST', 'a storage limit is -1 (none) or a number of bytes above 0')
}

/**
 * Sets what a project may store. It may be less than what it stores already: then nothing new fits until enough is
 * gone. Pushes at the same time stay exact, since what they take is never written over.
 * @throws DomainError BAD_REQUEST, NOT_FOUND
 */
export const setStorageLimit = async (
  store: Store,
  pid: ProjectId,
  limitBytes: number,
): Promise<void> => {
  const limit = parseLimit(limitBytes)
  await retry(store, async () => {
    const escrow = await readEscrow(store, pid)
    if (escrow === undefined) throw new DomainError('NOT_FOUND', 'no such project')
    if (escrow.limit === limit) return 'done'
    // A token of its own each time: nobody may take an attempt of this for one that was made before.
    const outcome = await store.kv.transact(changes(store, pid, escrow, limit), store.ids.next())
    return outcome.done ? 'done' : AGAIN
  })
}

/** When the first item alone cannot bear a lower limit, it takes back every share. */
const changes = (
  store: Store,
  pid: ProjectId,
  { isSpread, limit: before, main, shards }: Escrow,
  limit: number,
): readonly TransactOperation[] => {
  const change = limit - before
  const isBorne = main.available + change >= 0
  const taken = isBorne ? [] : shards
  const pulled = taken.reduce((sum, { available, returned }) => sum + available + returned, 0)
  const first: UpdateItem = {
    op: 'update',
    key: key.quota(pid),
    set: { limit, updatedAt: store.clock.now() },
    add: { available: change + pulled },
    conditions: [
      { kind: 'equals', name: 'limit', value: before },
      // Shares made since the look must not be left while the first item is negative.
      ...(isBorne ? [{ kind: 'atLeast', name: 'available', value: -change } as const] : []),
      ...(isSpread ? [] : [{ kind: 'attributeAbsent', name: 'shards' } as const]),
    ],
  }
  return [
    first,
    ...taken.map(({ available, number, returned }) => ({
      op: 'update' as const,
      key: keyOfPart(pid, number),
      set: { available: 0, returned: 0 },
      conditions: [
        { kind: 'equals' as const, name: 'available', value: available },
        { kind: 'equals' as const, name: 'returned', value: returned },
      ],
    })),
  ]
}
