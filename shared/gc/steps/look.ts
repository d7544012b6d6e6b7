import { contribute } from '../../schedules/share.ts'
import { GC_JOB } from '../job.ts'
import type { Collecting, Lane, Stage } from './stage.ts'
import type { StepDeps } from './deps.ts'

/** So often an execution works on all lanes: with every retry that there may be, its history stays below 25,000 events. */
export const ROUNDS = 10

const isOver = ({ stoppedBy }: Lane): boolean => stoppedBy === 'run' || stoppedBy === 'limit'
/** What it worked off may have left something to do in the shards of another lane. */
const hasMore = ({ stoppedBy, tasks }: Lane): boolean => stoppedBy === 'time' || tasks > 0

/** Says what comes next when all lanes were worked on. */
export const look = async (
  { context: { store } }: StepDeps,
  collecting: Collecting,
): Promise<Stage> => {
  const { lanes } = collecting
  const rounds = collecting.rounds + 1
  await contribute(store, GC_JOB, collecting.run)
  if (lanes.some(isOver) || !lanes.some(hasMore)) return { ...collecting, rounds, next: 'finish' }
  return { ...collecting, rounds, next: rounds < ROUNDS ? 'work' : 'continue' }
}
