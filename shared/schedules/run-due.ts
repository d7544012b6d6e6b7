import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import type { JobName } from '../table.ts'
import { claimRun } from './claim.ts'
import { closing, layingDown } from './close.ts'
import type { Result, Run, RunStatus } from './items.ts'
import { createPulse, type Pulse } from './pulse.ts'
import { scheduleAtFirst, type NewSchedule } from './schedule.ts'

/** What a job has to do with the run that it is in. */
export type RunContext = Pick<Pulse, 'isStopped' | 'log' | 'reportBy' | 'progressBy'> & {
  readonly number: number
  /** Where another process left it; absent at its beginning. */
  readonly progress?: string | undefined
}

/** What a job answers that was stopped and can go on, if not here then elsewhere. */
export type Unfinished = { readonly progress: string; readonly result: Result }

export type Job = {
  readonly name: JobName
  /** `parameters`: as they were given with the schedule or the run. What it did when it is stopped, it has done. */
  readonly work: (
    parameters: string,
    context: RunContext,
  ) => Promise<Result | { readonly unfinished: Unfinished }>
  /** When it runs by itself until somebody says otherwise, as `setSchedule` takes it. */
  readonly schedule?: NewSchedule
}

/**
 * Runs a job if it is to run now; answers whether it did. `isEnding`: the process is about to end, and so is the run.
 * @throws whatever the work throws, once the run is marked as failed
 */
export const runDue = async (
  store: Store,
  job: Job,
  isEnding: () => boolean = () => false,
): Promise<boolean> => {
  if (isEnding()) return false
  if (job.schedule !== undefined) await scheduleAtFirst(store, job.name, job.schedule)
  const run = await claimRun(store, job.name)
  if (run === undefined) return false
  await workOn(store, job, run, isEnding)
  return true
}

/**
 * Does the work of a run that was taken on, and ends it.
 * @throws whatever the work throws, once the run is marked as failed
 */
export const workOn = async (
  store: Store,
  { name, work }: Job,
  run: Run,
  isEnding: () => boolean,
): Promise<void> => {
  const { hasStopped, text, ...pulse } = createPulse(store, name, run, isEnding)
  const end = async (status: RunStatus, result: Result): Promise<void> => {
    // Refused: it was taken for dead, and somebody has ended it.
    await transactNamed(store, closing(store, name, run, { status, result, log: text() }))
  }

  let result: Result
  let unfinished: Unfinished | undefined
  try {
    const { number, progress } = run
    const came = await work(run.parameters, { ...pulse, number, progress })
    unfinished = isUnfinished(came) ? came.unfinished : undefined
    result = isUnfinished(came) ? came.unfinished.result : came
  } catch (error) {
    pulse.log('it failed; the log of the server says why')
    await end('Error', {})
    throw error
  }
  if (unfinished !== undefined && isEnding()) {
    const left = { ...unfinished, log: text(), now: store.clock.now() }
    if ((await transactNamed(store, layingDown(name, run, left))).done) return
  }
  if (hasStopped()) pulse.log(isEnding() ? 'stopped: whoever ran it had to end' : 'stopped')
  await end(hasStopped() ? 'Stopped' : 'Success', result)
}

const isUnfinished = (
  came: Result | { readonly unfinished: Unfinished },
): came is { readonly unfinished: Unfinished } => typeof came['unfinished'] === 'object'
