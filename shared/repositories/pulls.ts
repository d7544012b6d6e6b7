/**
 * How often and when last things were pulled. A pull waits for none of this: it is gathered in memory and written a
 * little later, so a crash loses what was not written yet, a minute's worth at most when `flush` is called often.
 */
import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/reference.ts'
import type { UpdateItem } from '../ports.ts'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { key, SCHEMA_VERSION, type RepositoryRef } from '../table.ts'

export type Pulls = {
  /** Takes no time and never fails. `tag`: by which it was pulled, if by one. */
  readonly pulled: (repository: RepositoryRef, digest: Digest, tag?: Tag) => void
  /** Writes what was not written in the last minute; what fails is tried again the next time, and thrown. */
  readonly flush: () => Promise<void>
  /** Writes everything, for the end of a process. */
  readonly close: () => Promise<void>
}

/** Each item is written at most once in so long, however often it is pulled. */
const EVERY_MS = 60_000
/** Beyond that many different things a minute some times of pulls are not kept. */
const MOST_PENDING = 20_000
const WRITES_AT_ONCE = 25

type Pending = {
  /** How often, for what is counted. */
  pulls: number
  /** When last, in epoch milliseconds. */
  at: number
  readonly write: (pulls: number, at: number) => UpdateItem
}

export const createPulls = (store: Store): Pulls => {
  const pending = new Map<string, Pending>()
  const written = new Map<string, number>()

  const note = (name: string, write: Pending['write']): void => {
    const at = store.clock.now()
    const known = pending.get(name)
    if (known !== undefined) {
      known.pulls += 1
      known.at = at
    } else if (pending.size < MOST_PENDING) pending.set(name, { pulls: 1, at, write })
  }

  const isDue = (name: string): boolean =>
    store.clock.now() - (written.get(name) ?? -Infinity) >= EVERY_MS

  const writeOne = async (name: string, one: Pending): Promise<void> => {
    pending.delete(name)
    try {
      // What is refused is gone, and so is whom it would interest.
      await transact(store, [one.write(one.pulls, one.at)])
      written.set(name, store.clock.now())
    } catch (error) {
      const since = pending.get(name)
      if (since === undefined) pending.set(name, one)
      else since.pulls += one.pulls
      throw error
    }
  }

  const writeAllOf = async (names: readonly string[]): Promise<void> => {
    for (let at = 0; at < names.length; at += WRITES_AT_ONCE) {
      await Promise.all(
        names.slice(at, at + WRITES_AT_ONCE).map(async (name) => {
          const one = pending.get(name)
          if (one !== undefined) await writeOne(name, one)
        }),
      )
    }
  }

  return {
    pulled: ({ rid }, digest, tag) => {
      note(rid, (pulls) => ({
        op: 'update',
        key: key.pulls(rid),
        set: { v: SCHEMA_VERSION },
        add: { pulls },
        conditions: [{ kind: 'exists' }],
      }))
      note(`${rid} ${digest}`, (_pulls, at) => ({
        op: 'update',
        key: key.manifest(rid, digest),
        set: { pulledAt: at },
        conditions: [{ kind: 'exists' }],
      }))
      if (tag === undefined) return
      note(`${rid} ${digest} ${tag}`, (_pulls, at) => ({
        op: 'update',
        key: key.tag(rid, tag),
        set: { pulledAt: at },
        conditions: [{ kind: 'exists' }, { kind: 'equals', name: 'digest', value: digest }],
      }))
    },
    flush: async () => {
      for (const name of written.keys()) if (isDue(name)) written.delete(name)
      await writeAllOf([...pending.keys()].filter(isDue))
    },
    close: async () => {
      await writeAllOf([...pending.keys()])
    },
  }
}
