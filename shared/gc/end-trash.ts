import { writeAll } from '../store/batch.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'

/** Forgets something that was deleted so long ago that it is not brought back any more. */
export const endTrash: Handler<TaskOf<'TRASH_END'>> = async ({ context: { store } }, task) => {
  const { at, entrySk, trashPk: pk, trashSk: sk } = task
  if (entrySk !== undefined) await writeAll(store, [{ op: 'delete', key: { pk, sk: entrySk } }])
  // Refused: it is of a later deletion, which has a task of its own.
  await retry(store, async () => {
    const conditions = [{ kind: 'equals', name: 'at', value: at }] as const
    const outcome = await store.kv.write({ op: 'delete', key: { pk, sk }, conditions })
    return outcome === 'conflict' ? AGAIN : outcome
  })
  return 'done'
}
