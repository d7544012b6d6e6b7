import type { Item, ReadMode } from '../ports.ts'
import { readAll } from '../store/batch.ts'
import { queryAll } from '../store/query.ts'
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { key, type ProjectId } from '../table.ts'
import { NO_LIMIT, parseEscrow, quotaOf, type Escrow, type Quota } from './items.ts'

/** As Harbor warns. */
const NEARLY = 0.85

/** Whether so much is used that somebody should be told. */
export const isNearlyUsed = ({ limitBytes, usedBytes }: Quota): boolean =>
  limitBytes !== NO_LIMIT && usedBytes >= NEARLY * limitBytes

/**
 * Every item of a quota in one round trip, though not all at one moment; read again while it is being spread or removed.
 * `undefined`: no such project.
 */
export const readEscrow = async (
  store: Store,
  pid: ProjectId,
  read: ReadMode = 'strong',
): Promise<Escrow | undefined> =>
  await contend(store, async () => {
    const items = await queryAll(store, { pk: key.quota(pid).pk, read })
    if (items.length === 0) return undefined
    return parseEscrow(items) ?? AGAIN
  })

/** `undefined`: no such project. */
export const readQuota = async (store: Store, pid: ProjectId): Promise<Quota | undefined> => {
  const escrow = await readEscrow(store, pid)
  return escrow && quotaOf(escrow)
}

/** The quota whose first item was read already: no round trip more, unless it is spread. */
export const completeQuota = async (
  store: Store,
  pid: ProjectId,
  first: Item | undefined,
  read: ReadMode,
): Promise<Quota | undefined> => {
  if (first === undefined) return undefined
  const escrow = parseEscrow([first]) ?? (await readEscrow(store, pid, read))
  return escrow && quotaOf(escrow)
}

/** The quotas of some projects, those that exist. */
export const readQuotas = async (
  store: Store,
  pids: readonly ProjectId[],
): Promise<ReadonlyMap<ProjectId, Quota>> => {
  const found = await readAll(store, pids.map(key.quota), 'eventual')
  const quotas = await Promise.all(
    pids.map(async (pid) => {
      const quota = await completeQuota(store, pid, found.get(key.quota(pid)), 'eventual')
      return quota === undefined ? [] : [[pid, quota] as const]
    }),
  )
  return new Map(quotas.flat())
}
