import { closing } from '../../schedules/close.ts'
import { withLine } from '../../schedules/pulse.ts'
import { createShare, readShared, type Share, type SharedRun } from '../../schedules/share.ts'
import { readJob } from '../../schedules/schedule.ts'
import type { Store } from '../../store/store.ts'
import { transactNamed } from '../../store/transact.ts'
import { GC_JOB, tell } from '../job.ts'
import { readLog, type LogLine } from '../log.ts'
import { resultOf, tallyIn, tallyOf, type Tally } from '../tally.ts'
import type { Lane, Stage } from './stage.ts'
import type { StepDeps } from './deps.ts'

export type Finishing = {
  /** Absent: the first step failed, and who the run would belong to is all that is known. */
  readonly run?: { readonly number: number } | undefined
  readonly owner: string
  readonly lanes: readonly Lane[]
  readonly hasFailed: boolean
}

/** Ends a run, so that the next may begin; one that is over, or somebody else's, is left as it is. */
export const finish = async (
  { context: { store } }: StepDeps,
  { hasFailed, lanes, owner, run: named }: Finishing,
  isEnding: () => boolean,
): Promise<Stage> => {
  const number = named?.number ?? (await readJob(store, GC_JOB)).openRun
  const shared = number === undefined ? undefined : { number, owner }
  const run = shared && (await readShared(store, GC_JOB, shared))
  if (shared === undefined || run === undefined) return { next: 'nothing' }

  let { log } = run
  const say = (line: string): void => {
    log = withLine(log, line, store.clock.now())
  }
  if (hasFailed) {
    say('it failed; the log of the worker says why')
    await transactNamed(store, closing(store, GC_JOB, run, { status: 'Error', log }))
    return { next: 'nothing' }
  }
  const share = createShare(store, GC_JOB, { ...run, ...shared }, isEnding)
  const tally = (await summed(store, shared, share)) ?? tallyIn(run.result)
  const { failed = 0, tasks = 0 } = run.result
  const unknown = lanes.reduce((sum, lane) => sum + lane.unknown, 0)
  const isLimited = lanes.some(({ stoppedBy }) => stoppedBy === 'limit')
  tell({ ...tally, tasks, failed, unknown, isLimited }, say)
  const isStopped = (await readShared(store, GC_JOB, shared))?.isStopping === true
  if (isStopped) say('stopped')
  const status = isStopped ? 'Stopped' : 'Success'
  const result = { ...resultOf(tally), tasks }
  await transactNamed(store, closing(store, GC_JOB, run, { status, result, log }))
  return { next: 'nothing' }
}

/** The sum of the log; `undefined`: there is no time for that, and what was added up on the way has to do. */
const summed = async (
  store: Store,
  { number }: SharedRun,
  share: Share,
): Promise<Tally | undefined> => {
  const state = { isWhole: true }
  const lines = async function* (): AsyncGenerator<LogLine> {
    let read = 0
    for await (const line of readLog(store, number)) {
      if (read % LINES_AT_ONCE === 0 && (await share.isStopped()) && isOutOfTime(share)) {
        state.isWhole = false
        return
      }
      read += 1
      yield line
    }
  }
  const tally = await tallyOf(lines())
  return state.isWhole ? tally : undefined
}

/** A run that somebody stops is summed up all the same. */
const isOutOfTime = (share: Share): boolean => share.stoppedBy() === 'ending'

const LINES_AT_ONCE = 1_000
