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

/** The leading characters of a random id spread keys over the bucket's partitions. */
const spread = (oid: ObjectId): string => `${oid.slice(0, PREFIX_CHARACTERS)}/${oid}`

export const bucketKey = {
  object: (oid: ObjectId): string => `object/${spread(oid)}`,
  tail: (oid: ObjectId, id: string): string => `tail/${spread(oid)}/${id}`,
  /** Begins the keys of all tails of an upload. */
  tails: (oid: ObjectId): string => `tail/${spread(oid)}/`,
} as const
