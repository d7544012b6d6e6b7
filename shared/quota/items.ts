/**
 * What a project may store and does store. It is one item, changed in the transaction that makes or removes a link. A
 * transaction holds its items for a moment, so one item takes some 50 to 100 links a second (DynamoDB rejects the others
 * as conflicts); a project that meets that is spread over shards, each with a share of what is left:
 *
 * ```
 * #          available  used  links  limit  updatedAt  shards    `available` is negative when the limit fell below what is used
 * SHARD#<k>  available  used  links  returned                    `returned` was given back and is nobody's share yet
 * ```
 *
 * The sums are exact: `limit` = all `available` + all `returned` + all `used`. While the first item's `available` is
 * negative every share is 0, so whoever takes from a share alone never takes more than the limit leaves.
 */
import * as z from 'zod'
import type { Item, PutItem } from '../ports.ts'
import { GUARD, key, SCHEMA_VERSION, type ProjectId } from '../table.ts'

/**
 * What a project without a limit may store. A limit is kept as what is left of it, since a condition of a write can
 * compare but not calculate; 2^52 bytes (4 PiB) are "no limit" and leave room to add without losing a byte.
 */
export const UNLIMITED_BYTES = 2 ** 52
/** How Harbor's API writes "no limit". */
export const NO_LIMIT = -1
/** Beside the first item. All are in one partition, which takes 1,000 writes a second (DynamoDB service limit). */
export const SHARDS = 7

export type Quota = {
  /** -1: no limit. */
  readonly limitBytes: number
  readonly usedBytes: number
  /** When the limit was changed, in epoch milliseconds; `undefined`: never. */
  readonly updatedAt: number | undefined
}

/** One item of a quota. */
export type Part = {
  /** 0: the first item. */
  readonly number: number
  readonly available: number
  readonly returned: number
  readonly used: number
  readonly links: number
}

/** All items of one quota. */
export type Escrow = {
  readonly limit: number
  readonly updatedAt: number | undefined
  readonly isSpread: boolean
  readonly main: Part
  readonly shards: readonly Part[]
}

const mainItem = z.object({
  limit: z.number(),
  updatedAt: z.number().optional(),
  shards: z.number().optional(),
})
const partItem = z.object({
  available: z.number(),
  returned: z.number().default(0),
  used: z.number(),
  links: z.number(),
})

const parsePart = (item: Item, number: number): Part => ({ ...partItem.parse(item), number })

/** The items of a quota's partition, in their order; `undefined` when they are not all there. */
export const parseEscrow = ([first, ...others]: readonly Item[]): Escrow | undefined => {
  if (first?.sk !== GUARD) return undefined
  const { limit, shards = 0, updatedAt } = mainItem.parse(first)
  if (others.length !== shards) return undefined
  return {
    limit,
    updatedAt,
    isSpread: shards > 0,
    main: parsePart(first, 0),
    shards: others.map((item, index) => parsePart(item, index + 1)),
  }
}

/** What the items come to. */
export const quotaOf = ({ limit, main, shards, updatedAt }: Escrow): Quota => ({
  limitBytes: limit === UNLIMITED_BYTES ? NO_LIMIT : limit,
  usedBytes: [main, ...shards].reduce((sum, { used }) => sum + used, 0),
  updatedAt,
})

export const keyOfPart = (pid: ProjectId, number: number) =>
  number === 0 ? key.quota(pid) : key.quotaShard(pid, number)

/** The quota of a project that begins; the limit as `parseLimit` answers it. */
export const newQuota = (pid: ProjectId, limit: number): PutItem => ({
  op: 'put',
  item: { ...key.quota(pid), v: SCHEMA_VERSION, available: limit, limit, used: 0, links: 0 },
  conditions: [{ kind: 'absent' }],
})

export const newShard = (pid: ProjectId, number: number, available: number): PutItem => ({
  op: 'put',
  item: {
    ...key.quotaShard(pid, number),
    v: SCHEMA_VERSION,
    ...{ available, returned: 0, used: 0, links: 0 },
  },
  conditions: [{ kind: 'absent' }],
})
