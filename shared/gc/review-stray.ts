import { bucketKey } from '../bucket.ts'
import { getItem } from '../store/query.ts'
import { timesOf } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { key, SCHEMA_VERSION } from '../table.ts'
import { enqueue, type TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'

/** Puts an object into the trash of which the table knows nothing; until it is deleted, whoever owns it can say so. */
export const reviewStray: Handler<TaskOf<'STRAY_REVIEW'>> = async ({ context }, { oid }) => {
  const { objects, store } = context
  const at = key.object(oid)
  if ((await getItem(store, at, 'strong')) !== undefined) return 'done'
  if ((await objects.head(bucketKey.object(oid))) === undefined) return 'done'
  const now = store.clock.now()
  await transact(store, [
    {
      op: 'put',
      item: {
        ...{ ...at, v: SCHEMA_VERSION, state: 'DOOM', version: store.ids.next() },
        ...{ createdAt: now, updatedAt: now },
      },
      conditions: [{ kind: 'absent' }],
    },
    enqueue(store.ids, now + timesOf(store).trash, { type: 'OBJECT_DELETE', oid }),
  ])
  return 'done'
}
