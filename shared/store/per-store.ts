import type { Ids } from '../ports.ts'
import type { Store } from './store.ts'

/**
 * Something that a process has once for each store, such as what it remembers of it. Stores that are made of one
 * another, as one that carries more writes, share the source of their ids and so are one.
 */
export const perStore = <T extends object>(make: (store: Store) => T): ((store: Store) => T) => {
  const made = new WeakMap<Ids, T>()
  return (store) => {
    const known = made.get(store.ids)
    if (known !== undefined) return known
    const first = make(store)
    made.set(store.ids, first)
    return first
  }
}
