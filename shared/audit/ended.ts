/** The logs of projects that are deleted: they go when they are old, as the others do. */
import * as z from 'zod'
import type { PutItem } from '../ports.ts'
import { pages, queryAll } from '../store/query.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import {
  auditCounts,
  ENDED_AUDIT_LOGS,
  key,
  SCHEMA_VERSION,
  type AuditScope,
  type ProjectId,
} from '../table.ts'
import { readMonths } from './list.ts'

export type EndedLog = { readonly scope: AuditScope; readonly endedAt: number }

const endedItem = z.object({
  pid: z.string().transform((pid) => pid as ProjectId),
  endedAt: z.number(),
})

/** The write that goes with the deletion of a project. */
export const endedLog = (pid: ProjectId, endedAt: number): PutItem => ({
  op: 'put',
  item: { ...key.endedAuditLog(pid), v: SCHEMA_VERSION, pid, endedAt },
})

export const walkEndedLogs = async function* (store: Store): AsyncGenerator<EndedLog> {
  for await (const items of pages(store, { pk: ENDED_AUDIT_LOGS, read: 'strong' })) {
    yield* items.map((item) => {
      const { pid, endedAt } = endedItem.parse(item)
      return { scope: pid, endedAt }
    })
  }
}

/** Forgets a log that has no entry any more, and ended so long ago that none is on its way to it. */
export const forgetEndedLog = async (
  store: Store,
  { scope, endedAt }: EndedLog,
  before: number,
): Promise<void> => {
  if (scope === 'system' || endedAt >= before) return
  if ((await readMonths(store, scope)).length > 0) return
  const counts = await queryAll(store, { pk: auditCounts(scope), read: 'strong' })
  for (const item of [...counts, key.endedAuditLog(scope)]) {
    await retry(store, async () => {
      const outcome = await store.kv.write({ op: 'delete', key: { pk: item.pk, sk: item.sk } })
      return outcome === 'conflict' ? AGAIN : outcome
    })
  }
}
