import type { TransactOperation } from '../ports.ts'
import { perStore } from '../store/per-store.ts'
import { getItem } from '../store/query.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { key, type ProjectId } from '../table.ts'
import { newShard, parseEscrow, SHARDS } from './items.ts'

const MAX_REMEMBERED = 10_000

const remembered = perStore(() => new Set<ProjectId>())

/** Whether this process knows that a project's quota is spread; that is for ever. */
export const isKnownSpread = (store: Store, pid: ProjectId): boolean => remembered(store).has(pid)

export const rememberSpread = (store: Store, pid: ProjectId): void => {
  const known = remembered(store)
  if (known.size >= MAX_REMEMBERED) known.clear()
  known.add(pid)
}

/** A share of what is left: half of it stays where everybody finds it. */
export const shareOf = (available: number): number =>
  Math.max(0, Math.floor(available / (2 * SHARDS)))

/** Spreads the quota of a project over shards, if it is not yet; safe to repeat. */
export const spreadQuota = async (store: Store, pid: ProjectId): Promise<void> => {
  await retry(store, async () => {
    const item = await getItem(store, key.quota(pid), 'strong')
    // One that is spread is not whole without its shards.
    const escrow = item && parseEscrow([item])
    if (escrow === undefined) return 'done'
    const share = shareOf(escrow.main.available)
    const numbers = Array.from({ length: SHARDS }, (_, index) => index + 1)
    const operations: readonly TransactOperation[] = [
      {
        op: 'update',
        key: key.quota(pid),
        set: { shards: SHARDS },
        add: { available: -SHARDS * share },
        conditions: [
          { kind: 'attributeAbsent', name: 'shards' },
          { kind: 'exists' },
          ...(share > 0
            ? [{ kind: 'atLeast', name: 'available', value: SHARDS * share } as const]
            : []),
        ],
      },
      ...numbers.map((number) => newShard(pid, number, share)),
    ]
    const outcome = await store.kv.transact(operations, store.ids.next())
    return outcome.done ? 'done' : AGAIN
  })
}
