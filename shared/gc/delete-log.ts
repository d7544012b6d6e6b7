import { writeAll } from '../store/batch.ts'
import { queryPage } from '../store/query.ts'
import { GC_LOG_SHARDS, gcLogPartition } from '../table.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'

const LINES_AT_ONCE = 1_000

/** Deletes the log of a run that the history has forgotten, a thousand lines of a shard at a time. */
export const deleteLog: Handler<TaskOf<'LOG_DELETE'>> = async ({ context: { store } }, { run }) => {
  let isDone = true
  for (let shard = 0; shard < GC_LOG_SHARDS; shard += 1) {
    const { items, next } = await queryPage(store, {
      pk: gcLogPartition(run, shard),
      ...{ limit: LINES_AT_ONCE, keysOnly: true, read: 'strong' },
    })
    await writeAll(
      store,
      items.map(({ pk, sk }) => ({ op: 'delete', key: { pk, sk } })),
    )
    if (next !== undefined) isDone = false
  }
  return isDone ? 'done' : { again: store.clock.now() }
}
