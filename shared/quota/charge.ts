import { RegistryError } from '../oci/errors.ts'
import { formatBytes } from '../bytes.ts'
import { PortError } from '../ports.ts'
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import type { ProjectId } from '../table.ts'
import { randomBelow } from '../store/random.ts'
import { keyOfPart, quotaOf, SHARDS, type Escrow, type Quota } from './items.ts'
import { planCharge, take, type ChargeWrites } from './plan.ts'
import { readEscrow } from './read.ts'
import { isKnownSpread, rememberSpread, spreadQuota } from './spread.ts'

/** However hot a project is, sooner or later the client had better come back later. */
const MAX_PLANS = 10

/** What a new link takes from its project's quota. */
export type Charge = {
  /** For the transaction that makes the link; refused when the items that it asks have too little left. */
  readonly writes: () => ChargeWrites
  /**
   * To be called when that transaction was refused for these writes, or met too many others at them; then `writes`
   * answers others.
   * @throws RegistryError DENIED when the project has no room; PortError `throttled` when too many write to the quota
   */
  readonly again: (why: 'refused' | 'contended') => Promise<void>
}

export const createCharge = (store: Store, pid: ProjectId, sizeBytes: number): Charge => {
  const first = isKnownSpread(store, pid) ? 1 + randomBelow(store.ids, SHARDS) : 0
  let writes = take(pid, first, sizeBytes)
  let plans = 0

  const look = async (why: 'refused' | 'contended'): Promise<Escrow> => {
    const escrow = await readEscrow(store, pid)
    if (escrow === undefined) throw quotaExceeded(sizeBytes, NOTHING)
    if (escrow.isSpread) return escrow
    // One item, one moment: the refusal is the proof.
    if (why === 'refused') throw quotaExceeded(sizeBytes, quotaOf(escrow))
    await spreadQuota(store, pid)
    return await look(why)
  }

  return {
    writes: () => writes,
    again: async (why) => {
      plans += 1
      if (plans > MAX_PLANS) throw new PortError('throttled', 'too many pushes into one project')
      writes = await contend(store, async () => {
        const escrow = await look(why)
        rememberSpread(store, pid)
        const plan = planCharge(pid, escrow, sizeBytes, (count) => randomBelow(store.ids, count))
        if (plan !== undefined) return plan
        if (await wasAtOneMoment(store, pid, escrow))
          throw quotaExceeded(sizeBytes, quotaOf(escrow))
        return AGAIN
      })
    },
  }
}

const NOTHING: Quota = { limitBytes: 0, usedBytes: 0, updatedAt: undefined }

/** The items were read one after the other: what was moved meanwhile may have been missed. */
const wasAtOneMoment = async (
  store: Store,
  pid: ProjectId,
  { main, shards }: Escrow,
): Promise<boolean> => {
  const checks = [main, ...shards].map(({ available, number, returned }) => ({
    op: 'check' as const,
    key: keyOfPart(pid, number),
    conditions: [
      { kind: 'equals' as const, name: 'available', value: available },
      ...(number === 0 ? [] : [{ kind: 'equals' as const, name: 'returned', value: returned }]),
    ],
  }))
  return (await store.kv.transact(checks, store.ids.next())).done
}

/** What to tell a client whose blob does not fit; in Harbor's words, which its users search for. */
export const quotaExceeded = (
  sizeBytes: number,
  { limitBytes, usedBytes }: Quota,
): RegistryError => {
  const [added, used, limit] = [sizeBytes, usedBytes, limitBytes].map(formatBytes)
  return new RegistryError('DENIED', {
    message: `adding ${added} of storage resource, which when updated to current usage of ${used} will exceed the configured upper limit of ${limit}.`,
    detail: { requiredBytes: sizeBytes, usedBytes, limitBytes },
  })
}
