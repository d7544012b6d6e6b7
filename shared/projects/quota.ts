import * as z from 'zod'
import { DomainError } from '../errors.ts'
import type { Item, PutItem } from '../ports.ts'
import { readAll } from '../store/batch.ts'
import { getItem } from '../store/query.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { key, SCHEMA_VERSION, type ProjectId } from '../table.ts'

/**
 * What a project without a limit may store. A limit is kept as what is left of it, since a condition of a write can
 * compare but not calculate; 2^52 bytes (4 PiB) are "no limit" and leave room to add without losing a byte.
 */
export const UNLIMITED_BYTES = 2 ** 52
/** How Harbor's API writes "no limit". */
export const NO_LIMIT = -1

export type Quota = {
  /** -1: no limit. */
  readonly limitBytes: number
  readonly usedBytes: number
  /** When the limit was changed, in epoch milliseconds; `undefined`: never. */
  readonly updatedAt: number | undefined
}

const quotaItem = z.object({
  available: z.number(),
  used: z.number(),
  limit: z.number(),
  updatedAt: z.number().optional(),
})

export const parseQuota = (item: Item): Quota => {
  const { limit, used, updatedAt } = quotaItem.parse(item)
  const limitBytes = limit === UNLIMITED_BYTES ? NO_LIMIT : limit
  return { limitBytes, usedBytes: used, updatedAt }
}

/** As Harbor warns. */
const NEARLY = 0.85

/** Whether so much is used that somebody should be told. */
export const isNearlyUsed = ({ limitBytes, usedBytes }: Quota): boolean =>
  limitBytes !== NO_LIMIT && usedBytes >= NEARLY * limitBytes

/**
 * Holds a storage limit to Harbor's rule: -1, or a number of bytes above 0.
 * @throws DomainError BAD_REQUEST
 */
export const assertStorageLimit = (limitBytes: number): void => {
  if (limitBytes === NO_LIMIT) return
  if (Number.isInteger(limitBytes) && limitBytes > 0 && limitBytes < UNLIMITED_BYTES) return
  throw new DomainError('BAD_REQUEST', 'a storage limit is -1 (none) or a number of bytes above 0')
}

/** The quota of a project that begins. */
export const newQuota = (pid: ProjectId, limitBytes: number): PutItem => {
  const limit = inBytes(limitBytes)
  return {
    op: 'put',
    item: { ...key.quota(pid), v: SCHEMA_VERSION, available: limit, limit, used: 0, links: 0 },
    conditions: [{ kind: 'absent' }],
  }
}

/** `undefined`: no such project. */
export const readQuota = async (store: Store, pid: ProjectId): Promise<Quota | undefined> => {
  const item = await getItem(store, key.quota(pid), 'strong')
  return item === undefined ? undefined : parseQuota(item)
}

/** The quotas of some projects, those that exist. */
export const readQuotas = async (
  store: Store,
  pids: readonly ProjectId[],
): Promise<ReadonlyMap<ProjectId, Quota>> => {
  const found = await readAll(store, pids.map(key.quota), 'eventual')
  return new Map(
    pids.flatMap((pid) => {
      const item = found.get(key.quota(pid))
      return item === undefined ? [] : [[pid, parseQuota(item)] as const]
    }),
  )
}

/**
 * Sets what a project may store. It may be less than what it stores already: then nothing new fits until enough is
 * gone. Pushes at the same time stay exact, since what they take is never written over.
 * @throws DomainError BAD_REQUEST, NOT_FOUND
 */
export const setStorageLimit = async (
  store: Store,
  pid: ProjectId,
  limitBytes: number,
): Promise<void> => {
  assertStorageLimit(limitBytes)
  const limit = inBytes(limitBytes)
  await retry(store, async () => {
    const item = await getItem(store, key.quota(pid), 'strong')
    if (item === undefined) throw new DomainError('NOT_FOUND', 'no such project')
    const before = quotaItem.parse(item).limit
    if (before === limit) return 'done'
    const outcome = await store.kv.write({
      op: 'update',
      key: key.quota(pid),
      set: { limit, updatedAt: store.clock.now() },
      add: { available: limit - before },
      conditions: [{ kind: 'equals', name: 'limit', value: before }],
    })
    return outcome === 'done' ? outcome : AGAIN
  })
}

const inBytes = (limitBytes: number): number =>
  limitBytes === NO_LIMIT ? UNLIMITED_BYTES : limitBytes
