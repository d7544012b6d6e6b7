import type { Item, Key } from '../ports.ts'

/** What lies over a table: items, and places where one was taken away. */
export type Changes = {
  readonly has: (key: Key) => boolean
  readonly get: (key: Key) => Item | undefined
  readonly set: (key: Key, item: Item | undefined) => void
  /** Of one partition, by sort key. */
  readonly of: (pk: string) => ReadonlyMap<string, Item | undefined>
  /** The keys of all that was ever changed, in the order in which it first was. */
  readonly keys: readonly Key[]
}

const NONE: ReadonlyMap<string, Item | undefined> = new Map()

export const createChanges = (): Changes => {
  const partitions = new Map<string, Map<string, Item | undefined>>()
  const keys: Key[] = []
  return {
    has: ({ pk, sk }) => partitions.get(pk)?.has(sk) === true,
    get: ({ pk, sk }) => partitions.get(pk)?.get(sk),
    set: ({ pk, sk }, item) => {
      const partition = partitions.get(pk) ?? new Map<string, Item | undefined>()
      partitions.set(pk, partition)
      if (!partition.has(sk)) keys.push({ pk, sk })
      partition.set(sk, item)
    },
    keys,
    of: (pk) => partitions.get(pk) ?? NONE,
  }
}
