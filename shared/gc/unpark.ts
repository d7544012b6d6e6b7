import { sideBySide } from '../limiter.ts'
import type { Item } from '../ports.ts'
import { pages } from '../store/query.ts'
import { transact } from '../store/transact.ts'
import { parkedShards } from '../table.ts'
import { parseTask } from '../tasks/parse.ts'
import { enqueue } from '../tasks/tasks.ts'
import type { Gc } from './gc.ts'

const PER_PAGE = 200

/**
 * Has every manifest looked at that was without a tag or index when nobody wanted such manifests of its project deleted;
 * answers whether it came to an end before it was stopped. Those that are done are not looked at again.
 */
export const unpark = async (
  gc: Pick<Gc, 'context' | 'policyOf'>,
  isStopped: () => boolean | Promise<boolean>,
  shards = parkedShards(),
): Promise<boolean> => {
  for (const pk of shards) {
    const found = pages(gc.context.store, { pk, read: 'strong', limit: PER_PAGE })
    for await (const items of found) {
      if (await isStopped()) return false
      await sideBySide(items, async (item) => {
        await unparkOne(gc, item)
      })
    }
  }
  return true
}

const unparkOne = async (
  { context: { store }, policyOf }: Pick<Gc, 'context' | 'policyOf'>,
  item: Item,
): Promise<void> => {
  const queued = parseTask(item)
  if (queued?.task.type !== 'MANIFEST_REVIEW') return
  if (!(await policyOf(queued.task.pid)).deleteUntagged) return
  // Refused: it was parked again meanwhile, and is looked at next time.
  await transact(store, [
    {
      op: 'delete',
      key: queued.key,
      conditions: [{ kind: 'equals', name: 'cause', value: String(item['cause']) }],
    },
    enqueue(store.ids, store.clock.now(), queued.task),
  ])
}
