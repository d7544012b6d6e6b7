import type { TransactOperation } from '../ports.ts'
import { nameOf } from '../store/batch.ts'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { entryWrites, type Actor, type AuditEvent } from './entry.ts'
import { readLogged } from './writes.ts'

/** Entries of what no transaction tells of, pulls and logins: they are gathered, and written a little later. */
export type AuditRecorder = {
  /** Costs the caller no wait. The same by the same one within a minute is one entry. */
  readonly record: (actor: Actor, event: AuditEvent) => void
  /** Writes what was gathered and the settings do not leave out; what could not be written is tried again the next time. */
  readonly flush: () => Promise<void>
}

const SAME_MS = 60_000
/** Of the last minute; beyond that some entries come twice. */
const MAX_REMEMBERED = 20_000
/** What crashes or an unreachable table may cost. */
const MAX_PENDING = 10_000
/** At most four writes each, and a transaction has at most 100. */
const ENTRIES_PER_TRANSACTION = 25

type Pending = { readonly actor: Actor; readonly event: AuditEvent }

export const createAuditRecorder = (store: Store): AuditRecorder => {
  const lately = new Map<string, number>()
  let pending: Pending[] = []

  const isRepeated = (name: string): boolean => {
    const now = store.clock.now()
    const last = lately.get(name)
    if (last !== undefined && last > now - SAME_MS) return true
    if (lately.size >= MAX_REMEMBERED) lately.clear()
    lately.set(name, now)
    return false
  }

  return {
    record: (actor, event) => {
      const { operation, resource, resourceType, isSuccess = true } = event
      const { address, name } = actor
      const what = JSON.stringify([name, address, operation, resourceType, resource, isSuccess])
      if (pending.length < MAX_PENDING && !isRepeated(what)) pending.push({ actor, event })
    },
    flush: async () => {
      if (pending.length === 0) return
      const isLogged = await readLogged(store)
      const taken = pending.filter(({ event }) => isLogged(event))
      pending = []
      for (let at = 0; at < taken.length; at += ENTRIES_PER_TRANSACTION) {
        try {
          await write(store, taken.slice(at, at + ENTRIES_PER_TRANSACTION))
        } catch (error) {
          pending = [...taken.slice(at), ...pending].slice(0, MAX_PENDING)
          throw error
        }
      }
    },
  }
}

const write = async (store: Store, entries: readonly Pending[]): Promise<void> => {
  const writes = entries.flatMap(({ actor, event }) => entryWrites(store, actor, event))
  await transact(store, merged(writes))
}

/** A transaction writes to an item once: counts of the same shard are added up. */
const merged = (writes: readonly TransactOperation[]): readonly TransactOperation[] => {
  const counts = new Map<string, Extract<TransactOperation, { op: 'update' }>>()
  const others: TransactOperation[] = []
  for (const write of writes) {
    if (write.op !== 'update') {
      others.push(write)
      continue
    }
    const name = nameOf(write.key)
    const before = counts.get(name)
    const total = (before?.add?.['total'] ?? 0) + (write.add?.['total'] ?? 0)
    counts.set(name, { ...write, add: { total } })
  }
  return [...others, ...counts.values()]
}
