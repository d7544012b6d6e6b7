import { pages } from '../store/query.ts'
import { transact } from '../store/transact.ts'
import { parkedShards } from '../table.ts'
import { parseTask } from '../tasks/parse.ts'
import { enqueue } from '../tasks/tasks.ts'
import type { Gc } from './gc.ts'

/** Has every manifest looked at that was without a tag or index when nobody wanted such manifests of its project deleted. */
export const unpark = async (
  { context: { store }, policyOf }: Pick<Gc, 'context' | 'policyOf'>,
  isStopped: () => boolean | Promise<boolean>,
): Promise<void> => {
  for (const pk of parkedShards()) {
    for await (const items of pages(store, { pk, read: 'strong' })) {
      if (await isStopped()) return
      for (const item of items) {
        const queued = parseTask(item)
        if (queued?.task.type !== 'MANIFEST_REVIEW') continue
        if (!(await policyOf(queued.task.pid)).deleteUntagged) continue
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
    }
  }
}
