import { writeAll } from '../store/batch.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key, labelsOf, type ProjectId } from '../table.ts'
import { parseLabel } from './label.ts'

/** Removes the labels of a project that is gone; safe to repeat. */
export const sweepLabels = async (store: Store, pid: ProjectId): Promise<void> => {
  const pk = labelsOf(pid)
  for await (const items of pages(store, { pk, read: 'strong' })) {
    await writeAll(
      store,
      items.flatMap((item) => [
        { op: 'delete', key: key.label(parseLabel(item).number) },
        { op: 'delete', key: { pk, sk: item.sk } },
      ]),
    )
  }
  await writeAll(store, [{ op: 'delete', key: key.counter(`labels#${pid}`) }])
}
