import { createCharge } from '../../shared/quota/charge.ts'
import type { Store } from '../../shared/store/store.ts'
import { transact } from '../../shared/store/transact.ts'
import type { ProjectId } from '../../shared/table.ts'

/** Takes from a project's quota what a link of this size takes; answers whether there was room at once. */
export const charge = async (store: Store, pid: ProjectId, sizeBytes: number): Promise<boolean> => {
  const writes = createCharge(store, pid, sizeBytes).writes()
  return (await transact(store, Object.values(writes))).done
}
