import type { Query } from '../ports.ts'
import { queryPage } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { dueTasks, taskShards } from '../table.ts'

const KEYS_PER_PAGE = 1_000

/** How many tasks are due, counted no further than `limit`. */
export const countDue = async (store: Store, limit: number): Promise<number> => {
  let due = 0
  for (const pk of taskShards()) {
    const query: Query = {
      ...{ pk, sk: dueTasks(store.clock.now()), keysOnly: true },
      ...{ limit: Math.min(KEYS_PER_PAGE, limit), read: 'eventual' },
    }
    let after: string | undefined
    do {
      const page = await queryPage(store, after === undefined ? query : { ...query, after })
      due += page.items.length
      after = page.next
    } while (after !== undefined && due < limit)
    if (due >= limit) return limit
  }
  return due
}
