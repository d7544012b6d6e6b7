import { carrying } from '../../shared/audit/carry.ts'
import { entryWrites, kindOf, type AuditEvent } from '../../shared/audit/entry.ts'
import { readSettings } from '../../shared/settings/read.ts'
import type { Store } from '../../shared/store/store.ts'
import { addressOf, principalOf } from './access.ts'
import type { ApiContext } from './factory.ts'

/**
 * The store for what a request is about to do: its first write that is done takes an entry of the audit log with it, so
 * that there is neither a change without an entry nor an entry without a change.
 */
export const auditedStore = async (c: ApiContext, event: AuditEvent): Promise<Store> => {
  const { store } = c.get('deps')
  const { unloggedEvents } = await readSettings(store)
  if (unloggedEvents.includes(kindOf(event))) return store
  const principal = await principalOf(c)
  const name = principal.kind === 'anonymous' ? '' : principal.name
  return carrying(store, entryWrites(store, { name, address: addressOf(c) }, event))
}
