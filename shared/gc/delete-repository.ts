import { sweepRepository } from '../repositories/sweep.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'

/** Deletes what is left in a repository whose name is gone, a thousand manifests at a time. */
export const deleteRepository: Handler<TaskOf<'REPOSITORY_DELETE'>> = async (
  { context },
  { pid, rid },
) => {
  const left = await sweepRepository(context, { pid, rid })
  return left === 'done' ? 'done' : { again: context.store.clock.now() }
}
