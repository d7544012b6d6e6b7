/**
 * The LMDB file under the table. A key is `pk`, NUL and `sk` in UTF-8, so LMDB's order of bytes is the order the port
 * promises. The value is MessagePack of the attributes and `sk`; `pk` is left out, because every reader knows it.
 */
import { open } from 'lmdb'
import type { AttributeValue, Item, Key } from '../ports.ts'

/** LMDB takes keys of half a page; a key has up to 2,048 + 1 + 1,024 bytes, and lmdb allows 4,026 at this page size. */
const PAGE_BYTES = 8192

const SEPARATOR = '\0'

type StoredItem = { readonly sk: string } & { readonly [attribute: string]: AttributeValue }

/** An open table: ordered keys as text, `readItem` and `storedItem` between them and items. */
export type TableFile = ReturnType<typeof openTableFile>

/**
 * Opens or creates the file.
 *
 * A promise of a transaction resolves after two flushes: `fdatasync` for the pages, then an `O_DSYNC` write of the page
 * that points to them (`mdb_txn_commit` in lmdb's `mdb.c`; seen with strace). Without `overlappingSync` a transaction
 * becomes visible after the flushes, so nobody ever reads what a power cut could take back. With it, readers could,
 * and measured here it gains little, because transactions that arrive during a flush share the next one anyway:
 * writes a second 913, 18,220 and 54,668 for 1, 16 and 64 writers with it, 998, 17,581 and 42,262 without.
 */
export const openTableFile = (path: string) =>
  open<StoredItem, string>({
    path,
    pageSize: PAGE_BYTES,
    overlappingSync: false,
    // With it, lmdb holds a promise of its own per batch, and a failed commit would end the process as unhandled.
    eventTurnBatching: false,
    keyEncoder,
    // Plain maps: no table of shared structures that could be lost or outgrown.
    encoder: { useRecords: false },
  })

/** The key of an item. */
export const keyText = ({ pk, sk }: Key): string => `${pk}${SEPARATOR}${sk}`

/** The sort key in the key of an item. */
export const sortKeyOf = (pk: string, text: string): string =>
  text.slice(pk.length + SEPARATOR.length)

/** The partition key in the key of an item. */
export const partitionKeyOf = (text: string): string => text.slice(0, text.indexOf(SEPARATOR))

/** Sorts before every sort key of a partition that begins with `start`, that key itself included. */
export const firstFrom = (pk: string, start: string): string => `${pk}${SEPARATOR}${start}`

/** Sorts behind `sk` and before the next possible sort key: a key holds no NUL, so none lies between. */
export const justBehind = (pk: string, sk: string): string => `${pk}${SEPARATOR}${sk}\x01`

/** Sorts behind every sort key of a partition that begins with `prefix`; see `writeKey`. */
export const behindPrefix = (pk: string, prefix: string): string =>
  `${pk}${SEPARATOR}${prefix}${SEPARATOR}`

/** Sorts behind a whole partition. */
export const behindPartition = (pk: string): string => `${pk}\x01`

/** The item under `pk` as it was put; bytes come back as plain `Uint8Array`s. */
export const readItem = (pk: string, stored: StoredItem): Item => {
  const item: Record<string, AttributeValue> = stored
  for (const name in item) {
    const value = item[name]
    if (value instanceof Uint8Array) {
      item[name] = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    }
  }
  return Object.assign(stored, { pk })
}

/** What is stored of an item. Throws a `RangeError` for a NUL in its key, which would break the order. */
export const storedItem = ({ pk, ...stored }: Item): StoredItem => {
  if (pk.includes(SEPARATOR) || stored.sk.includes(SEPARATOR)) {
    throw new RangeError('a key holds a NUL character')
  }
  return stored
}

/** A trailing NUL stands for the byte 0xFF, which UTF-8 never holds: it sorts behind every text. */
const BEHIND_EVERY_TEXT = 0xff

const keyEncoder = {
  /** Writes into lmdb's own buffer, so a read allocates no key. */
  writeKey: (key: string, target: Buffer, start: number): number => {
    const end = start + target.write(key, start, 'utf8')
    if (key.charCodeAt(key.length - 1) === 0) target[end - 1] = BEHIND_EVERY_TEXT
    return end
  },
  readKey: (source: Buffer, start: number, end: number): string =>
    source.toString('utf8', start, end),
}
