import { readShared } from '../../schedules/share.ts'
import { workOn } from '../../schedules/run-due.ts'
import { GC_JOB, garbageCollectionJob } from '../job.ts'
import type { Collecting, Stage } from './stage.ts'
import type { StepDeps } from './deps.ts'

/**
 * Does a run in one go, and ends it, if it is not over.
 * @throws whatever the work throws, once the run is marked as failed
 */
export const workAlone = async (
  deps: StepDeps,
  { run: shared }: Pick<Collecting, 'run'>,
  isEnding: () => boolean,
): Promise<Stage> => {
  const { store } = deps.context
  const run = await readShared(store, GC_JOB, shared)
  if (run !== undefined) await workOn(store, garbageCollectionJob(deps), run, isEnding)
  return { next: 'nothing' }
}
