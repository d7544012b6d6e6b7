import { claimRun } from '../../schedules/claim.ts'
import { contribute, tellShared } from '../../schedules/share.ts'
import { forgetLogs } from '../collect.ts'
import { described, GC_JOB } from '../job.ts'
import { parseGcParameters } from '../parameters.ts'
import { collecting, dealLanes, type Collecting, type Stage } from './stage.ts'
import type { StepDeps } from './deps.ts'

/**
 * Takes on the run that waits, in the name of an execution; nothing is to be done when there is none. `input`: of the
 * execution, which may go on with what another one began. Whoever tries again begins the same run.
 */
export const begin = async (
  { context: { store } }: StepDeps,
  { execution, input }: { readonly execution: string; readonly input: unknown },
): Promise<Stage> => {
  const continued = collecting.safeParse(input).data
  if (continued !== undefined) {
    const isAlive = (await contribute(store, GC_JOB, continued.run)) !== undefined
    return { ...continued, next: isAlive ? 'work' : 'nothing' }
  }
  const claimed = await claimRun(store, GC_JOB, execution)
  if (claimed === undefined) return { next: 'nothing' }
  const { number } = claimed
  const parameters = parseGcParameters(claimed.parameters)
  const run = { number, owner: execution, begunAt: store.clock.now() }
  const begun: Collecting = { run, lanes: [], rounds: 0, generation: 0 }
  // What it foresees is in the memory of one process.
  if (parameters.isDryRun) return { ...begun, next: 'alone' }
  await forgetLogs(store, number)
  if (claimed.log === '') await tellShared(store, GC_JOB, run, [described(parameters)])
  return { ...begun, lanes: [...dealLanes(parameters.workers)], next: 'work' }
}
