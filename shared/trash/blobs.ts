import type { Digest } from '../oci/digest.ts'
import { quotaExceeded } from '../quota/charge.ts'
import { NO_LIMIT } from '../quota/items.ts'
import { readQuota } from '../quota/read.ts'
import { readAll } from '../store/batch.ts'
import type { Store } from '../store/store.ts'
import { key, type ProjectId } from '../table.ts'
import type { Plan } from './plan.ts'

/** The blobs that come back with some manifests, and their sizes; not those that were not there before. */
export const blobsOf = (plan: Plan): ReadonlyMap<Digest, number> =>
  new Map(
    [...plan.values()].flatMap(({ lacking, manifest }) =>
      manifest.blobs
        .filter(({ digest }) => !lacking.includes(digest))
        .map(({ digest, size }) => [digest, size] as const),
    ),
  )

/**
 * Sees to it that what a project would pay for fits into its quota, before anything of it comes back: blobs that were held
 * in vain would count for as long as their leases. Whoever takes the room in between is met by the links themselves.
 * @throws RegistryError DENIED
 */
export const requireRoom = async (store: Store, pid: ProjectId, plan: Plan): Promise<void> => {
  const blobs = [...blobsOf(plan)].map(([digest, size]) => ({ link: key.link(digest, pid), size }))
  if (blobs.length === 0) return
  const [quota, links] = await Promise.all([
    readQuota(store, pid),
    readAll(
      store,
      blobs.map(({ link }) => link),
      'strong',
    ),
  ])
  const unpaid = blobs.filter(({ link }) => links.get(link) === undefined)
  const needed = unpaid.reduce((sum, { size }) => sum + size, 0)
  if (quota === undefined || quota.limitBytes === NO_LIMIT || needed === 0) return
  if (quota.usedBytes + needed > quota.limitBytes) throw quotaExceeded(needed, quota)
}
