import type { TransactOperation } from '../ports.ts'
import { readSettings } from '../settings/read.ts'
import type { Store } from '../store/store.ts'
import { entryWrites, kindOf, type Actor, type AuditEvent } from './entry.ts'

/** The writes of an entry, for the transaction of what it tells of; none for what the settings leave out. */
export type AuditWrites = (event: AuditEvent) => readonly TransactOperation[]

/** Writes what somebody does, as the settings of the last five seconds have it. */
export const auditWrites = async (store: Store, actor: Actor): Promise<AuditWrites> => {
  const isLogged = await readLogged(store)
  return (event) => (isLogged(event) ? entryWrites(store, actor, event) : [])
}

/** Which kinds of events are logged. */
export const readLogged = async (store: Store): Promise<(event: AuditEvent) => boolean> => {
  const { unloggedEvents } = await readSettings(store)
  return (event) => !unloggedEvents.includes(kindOf(event))
}
