import { timesOf } from '../store/store.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'
import { unpark } from './unpark.ts'

/**
 * Has the untagged manifests of a project looked at that nobody wanted deleted before; once more when no worker can be
 * under way any more that has not heard of it.
 */
export const reviewParked: Handler<TaskOf<'PARKED_REVIEW'>> = async ({ context }, task) => {
  const policyOf = (pid: string) => ({ deleteUntagged: pid === task.pid, untaggedGrace: 0 })
  await unpark({ context, policyOf }, () => false)
  if (task.isSecond === true) return 'done'
  const { clock } = context.store
  return { again: clock.now() + timesOf(context.store).inFlight, task: { ...task, isSecond: true } }
}
