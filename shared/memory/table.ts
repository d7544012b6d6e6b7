import { compareUtf8 } from '../limits.ts'
import type { Item, Key } from '../ports.ts'
import type { Random } from './random.ts'

/** What an item was and is: the last entry is the present, `undefined` its absence. */
type History = (Item | undefined)[]

const REMEMBERED_VERSIONS = 4

/** The table of a simulated store, with enough of its past to answer stale reads. */
export type Table = {
  readonly get: (key: Key) => Item | undefined
  /** The item as it is or, by chance, as it lately was. */
  readonly getStale: (key: Key, random: Random) => Item | undefined
  readonly set: (key: Key, item: Item | undefined) => void
  /** Sort keys that the partition has or lately had, ascending by their UTF-8 bytes. */
  readonly sortKeys: (pk: string) => readonly string[]
  /** Every item that there is, for whoever judges the whole. */
  readonly items: () => Item[]
  /** Held by a transaction under way: other writers are turned away. */
  readonly locks: ReadonlySet<string>
  readonly lock: (name: string) => void
  readonly unlock: (name: string) => void
  /** Grows with every change, of items and of locks: where it stands still, so does all that there is to see. */
  readonly changes: () => number
}

export const lockName = ({ pk, sk }: Key): string => `${pk}\0${sk}`

export const createTable = (): Table => {
  const partitions = new Map<string, Map<string, History>>()
  const sorted = new Map<string, readonly string[]>()
  const present = new Map<string, Item>()
  const locks = new Set<string>()
  let changes = 0

  const history = ({ pk, sk }: Key): History | undefined => partitions.get(pk)?.get(sk)

  const set = (key: Key, item: Item | undefined): void => {
    changes += 1
    if (item === undefined) present.delete(lockName(key))
    else present.set(lockName(key), item)
    const partition = partitions.get(key.pk) ?? new Map<string, History>()
    partitions.set(key.pk, partition)
    const versions = partition.get(key.sk)
    if (versions === undefined) {
      partition.set(key.sk, [undefined, item])
      sorted.delete(key.pk)
      return
    }
    versions.push(item)
    if (versions.length > REMEMBERED_VERSIONS) versions.shift()
  }

  const sortKeys = (pk: string): readonly string[] => {
    const known = sorted.get(pk)
    if (known !== undefined) return known
    const list = [...(partitions.get(pk)?.keys() ?? [])].sort(compareUtf8)
    sorted.set(pk, list)
    return list
  }

  return {
    get: (key) => history(key)?.at(-1),
    getStale: (key, random) => {
      const versions = history(key)
      return versions?.[random.below(versions.length)]
    },
    set,
    sortKeys,
    items: () => [...present.values()],
    locks,
    lock: (name) => {
      changes += 1
      locks.add(name)
    },
    unlock: (name) => {
      changes += 1
      locks.delete(name)
    },
    changes: () => changes,
  }
}
