import { carrying } from '../../shared/audit/carry.ts'
import type { AuditEvent } from '../../shared/audit/entry.ts'
import { auditWrites, type AuditWrites } from '../../shared/audit/writes.ts'
import type { Store } from '../../shared/store/store.ts'
import { addressOf, principalOf } from './access.ts'
import type { ApiContext } from './factory.ts'

/**
 * For use cases that know only within their transaction what they do. `name`: who does it; whoever sent the request, if
 * absent.
 */
export const auditWritesOf = async (c: ApiContext, name?: string): Promise<AuditWrites> =>
  await auditWrites(c.get('deps').store, {
    name: name ?? (await callerOf(c)),
    address: addressOf(c),
  })

/**
 * The store for what a request is about to do: its first write that is done takes an entry of the audit log with it, so
 * that there is neither a change without an entry nor an entry without a change. `name` as above.
 */
export const auditedStore = async (
  c: ApiContext,
  event: AuditEvent,
  name?: string,
): Promise<Store> => {
  const { store } = c.get('deps')
  const writes = (await auditWritesOf(c, name))(event)
  return writes.length === 0 ? store : carrying(store, writes)
}

const callerOf = async (c: ApiContext): Promise<string> => {
  const principal = await principalOf(c)
  return principal.kind === 'anonymous' ? '' : principal.name
}
