import { PortError, type CheckItem } from '../ports.ts'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'

/**
 * Whether all of this is so at one and the same moment, in the middle of no transaction: what was read one by one may be
 * half of something that was under way. Items that everybody writes to are taken to be in order.
 */
export const isSo = async (store: Store, checks: readonly CheckItem[]): Promise<boolean> => {
  try {
    return (await transact(store, checks)).done
  } catch (error) {
    if (error instanceof PortError && error.failure === 'throttled') return false
    throw error
  }
}
