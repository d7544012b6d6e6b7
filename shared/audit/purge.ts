import type { Item, TransactOperation } from '../ports.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { AUDIT_SHARDS, auditPartition, lastAuditKeyBefore, type AuditScope } from '../table.ts'
import { countOf, parseEntry, type AuditEntry } from './entry.ts'
import { readMonths } from './list.ts'

/** Deletions and the count of them are one transaction, which has at most 100 writes. */
const ENTRIES_PER_TRANSACTION = 90

export type Purge = {
  readonly scope: AuditScope
  /** Milliseconds since the epoch; entries before it go. */
  readonly before: number
  /** Which of them; all if absent. */
  readonly fits?: ((entry: AuditEntry) => boolean) | undefined
  /** Only counts. */
  readonly isDryRun?: boolean | undefined
  /** Asked between transactions: true ends it. */
  readonly isStopped?: (() => boolean | Promise<boolean>) | undefined
}

/** Deletes old entries, with their count; answers how many. What is left when it breaks off, the next purge takes. */
export const purgeAudit = async (
  store: Store,
  { before, fits = () => true, isDryRun = false, isStopped = () => false, scope }: Purge,
): Promise<number> => {
  let purged = 0
  for (const { month } of await readMonths(store, scope)) {
    for (let shard = 0; shard < AUDIT_SHARDS; shard += 1) {
      const pk = auditPartition(scope, month, shard)
      const sk = { from: FIRST, to: lastAuditKeyBefore(before) }
      const query = { pk, sk, limit: ENTRIES_PER_TRANSACTION, read: 'strong' } as const
      for await (const items of pages(store, query)) {
        if (await isStopped()) return purged
        const old = items.filter((item) => fits(parseEntry(item)))
        purged += isDryRun ? old.length : await remove(store, scope, old)
      }
    }
  }
  return purged
}

/** Sorts before every entry. */
const FIRST = '0'

/** Answers how many were removed here, and not by another purge at the same time. */
const remove = async (store: Store, scope: AuditScope, items: readonly Item[]): Promise<number> => {
  const [first] = items
  if (first === undefined) return 0
  const { at } = parseEntry(first)
  const id = first.sk.slice(first.sk.indexOf('#') + 1)
  const operations: readonly TransactOperation[] = [
    ...items.map(({ pk, sk }) => ({
      op: 'delete' as const,
      key: { pk, sk },
      conditions: [{ kind: 'exists' as const }],
    })),
    countOf(scope, at, id, -items.length),
  ]
  if ((await transact(store, operations)).done) return items.length
  if (items.length === 1) return 0
  // Another purge took some of them.
  let removed = 0
  for (const item of items) removed += await remove(store, scope, [item])
  return removed
}
