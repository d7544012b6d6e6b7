import type { Executions } from '../../ports.ts'
import type { Collecting, Stage } from './stage.ts'

/** Has another execution go on. Its name says which one it is, so whoever tries again begins none besides. */
export const goOn = async (executions: Executions, collecting: Collecting): Promise<Stage> => {
  const { owner, number } = collecting.run
  const generation = collecting.generation + 1
  const name = `run-${number}-${generation}-${owner.slice(-OWNER_CHARACTERS)}`
  await executions.start(JSON.stringify({ ...collecting, rounds: 0, generation }), name)
  return { next: 'nothing' }
}

/** Of a name of 80: enough to tell the runs of two tables apart. */
const OWNER_CHARACTERS = 36
