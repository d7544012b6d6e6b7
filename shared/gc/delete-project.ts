import { sweepProject } from '../projects/delete.ts'
import { readQuota } from '../quota/read.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'

const HOUR_MS = 60 * 60_000

/** Deletes what is left of a project whose name is gone; its quota stays until its last link has paid back into it. */
export const deleteProject: Handler<TaskOf<'PROJECT_DELETE'>> = async ({ context }, { pid }) => {
  const { store } = context
  await sweepProject(store, pid)
  const quota = await readQuota(store, pid)
  return quota === undefined ? 'done' : { again: store.clock.now() + HOUR_MS }
}
