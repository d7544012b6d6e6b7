import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import type { ProjectId } from '../table.ts'
import { keyOfPart } from './items.ts'
import { readEscrow } from './read.ts'

/** Removes the quota of a project that is gone, once no link is left: until then their collection pays back into it. */
export const removeQuota = async (store: Store, pid: ProjectId): Promise<void> => {
  await retry(store, async () => {
    const escrow = await readEscrow(store, pid)
    if (escrow === undefined) return 'done'
    const parts = [escrow.main, ...escrow.shards]
    if (parts.reduce((sum, { links }) => sum + links, 0) > 0) return 'kept'
    const outcome = await store.kv.transact(
      parts.map(({ links, number }) => ({
        op: 'delete',
        key: keyOfPart(pid, number),
        conditions: [{ kind: 'equals', name: 'links', value: links }],
      })),
      store.ids.next(),
    )
    return outcome.done ? 'done' : AGAIN
  })
}
