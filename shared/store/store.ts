import type { Clock, Ids, Kv } from '../ports.ts'

/** What every write of the domain needs: the table, the time, and ids that nobody has used before. */
export type Store = { readonly kv: Kv; readonly clock: Clock; readonly ids: Ids }
