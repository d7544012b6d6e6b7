/**
 * Every key of the bucket. A key is random and never used again, so a late delete or a late write can hurt nobody; the
 * digest of what it holds stands in the table.
 *
 * ```
 * object/<2 characters>/<oid>           a blob, or the body of a large manifest: its final key from the first byte on
 * tail/<2 characters>/<oid>/<id>        the end of an upload that is too short to be a part of its own
 * ```
 */
import type { ObjectId } from './table.ts'

const PREFIX_CHARACTERS = 2

/**
 * The leading characters of a random id spread keys over the bucket's partitions: not those of one process in one moment,
 * whose ids may begin alike, but those of many, and of longer times.
 */
const spread = (oid: ObjectId): string => `${oid.slice(0, PREFIX_CHARACTERS)}/${oid}`

export const bucketKey = {
  object: (oid: ObjectId): string => `object/${spread(oid)}`,
  tail: (oid: ObjectId, id: string): string => `tail/${spread(oid)}/${id}`,
  /** Begins the keys of all tails of an upload. */
  tails: (oid: ObjectId): string => `tail/${spread(oid)}/`,
} as const

/** What a key of the bucket is about; `undefined`: it is none that was made here. */
export const parseBucketKey = (
  name: string,
): { readonly kind: 'object' | 'tail'; readonly oid: ObjectId } | undefined => {
  const [, kind, start = '', oid = ''] = /^(object|tail)\/([^/]+)\/([^/]+)/.exec(name) ?? []
  if (kind === undefined || !oid.startsWith(start)) return undefined
  // As it was made of an id.
  return { kind: kind === 'object' ? 'object' : 'tail', oid: oid as ObjectId }
}

/** Begin the keys of all objects, and of all tails. */
export const bucketPrefix = { objects: 'object/', tails: 'tail/' } as const

/** Of which ids are made. */
const ID_CHARACTERS = Array.from('234567abcdefghijklmnopqrstuvwxyz')
const STARTS = ID_CHARACTERS.flatMap((first) => ID_CHARACTERS.map((second) => first + second))

/** The same, in shares of about the same size that lie behind one another. */
export const bucketShares = (kind: keyof typeof bucketPrefix): readonly string[] =>
  STARTS.map((start) => `${bucketPrefix[kind]}${start}/`)
