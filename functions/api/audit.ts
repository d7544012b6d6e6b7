import { carrying } from '../../shared/audit/carry.ts'
import { entryWrites, kindOf, type AuditEvent } from '../../shared/audit/entry.ts'
import type { TransactOperation } from '../../shared/ports.ts'
import { readSettings } from '../../shared/settings/read.ts'
import type { Store } from '../../shared/store/store.ts'
import { addressOf, principalOf } from './access.ts'
import type { ApiContext } from './factory.ts'

/** The writes of an entry of the audit log; none for what the settings leave out. */
export type AuditWrites = (event: AuditEvent) => readonly TransactOperation[]

/**
 * For use cases that know only within their transaction what they do. `name`: who does it; whoever sent the request, if
 * absent.
 */
export const auditWrites = async (c: ApiContext, name?: string): Promise<AuditWrites> => {
  const { store } = c.get('deps')
  const { unloggedEvents } = await readSettings(store)
  const actor = { name: name ?? (await callerOf(c)), address: addressOf(c) }
  return (event) => (unloggedEvents.includes(kindOf(event)) ? [] : entryWrites(store, actor, event))
}

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
  const writes = (await auditWrites(c, name))(event)
  return writes.length === 0 ? store : carrying(store, writes)
}

const callerOf = async (c: ApiContext): Promise<string> => {
  const principal = await principalOf(c)
  return principal.kind === 'anonymous' ? '' : principal.name
}
