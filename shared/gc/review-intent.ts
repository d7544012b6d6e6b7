import { giveUpIntent } from '../registry/manifests/intent.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'

/** Undoes a manifest push that was begun long ago and is not committed; its tombstone does the rest. */
export const reviewIntent: Handler<TaskOf<'INTENT_REVIEW'>> = async ({ context }, task) => {
  await giveUpIntent(context.store, task)
  return 'done'
}
