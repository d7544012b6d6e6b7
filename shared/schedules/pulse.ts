import type { Store } from '../store/store.ts'
import type { JobName } from '../table.ts'
import { keepAlive } from './claim.ts'
import type { Result, Run } from './items.ts'

/** Between two signs of life, and so at most before a run hears that somebody stops it. */
export const ALIVE_EVERY_MS = 5_000
const MAX_LOG_CHARACTERS = 4_000

/** A log with one line more, if there is room for it. */
export const withLine = (text: string, line: string, now: number): string => {
  const next = `${text}${new Date(now).toISOString()} ${line}\n`
  return next.length <= MAX_LOG_CHARACTERS ? next : text
}

/** By which a run that is under way is heard of. */
export type Pulse = {
  /** To be asked before every piece of work, of seconds at most: it also says that the run is alive. */
  readonly isStopped: () => Promise<boolean>
  /** Writes a line into the log of the run, which administrators read. */
  readonly log: (line: string) => void
  /** Has this asked for what the run has done so far, whenever it says that it is alive. */
  readonly reportBy: (report: () => Promise<Result> | Result) => void
  /** Has this asked for where another process may go on should this one die; `undefined`: nowhere yet. */
  readonly progressBy: (progress: () => string | undefined) => void
  readonly text: () => string
  /** Somebody stopped the run, or the process is about to end. */
  readonly hasStopped: () => boolean
}

/** `isEnding`: the process is about to end, and so is the run. */
export const createPulse = (
  store: Store,
  job: JobName,
  run: Run,
  isEnding: () => boolean,
): Pulse => {
  let text = run.log
  let report: () => Promise<Result> | Result = () => ({})
  let progress: () => string | undefined = () => undefined
  const state = { saidAt: store.clock.now(), hasStopped: false }
  const isStopped = async (): Promise<boolean> => {
    if (state.hasStopped) return true
    const now = store.clock.now()
    if (isEnding()) {
      state.hasStopped = true
    } else if (now - state.saidAt >= ALIVE_EVERY_MS) {
      state.saidAt = now
      const known = { log: text, result: await report(), progress: progress() }
      if (!(await keepAlive(store, job, run, known))) state.hasStopped = true
    }
    return state.hasStopped
  }
  return {
    isStopped,
    log: (line) => {
      text = withLine(text, line, store.clock.now())
    },
    reportBy: (given) => {
      report = given
    },
    progressBy: (given) => {
      progress = given
    },
    text: () => text,
    hasStopped: () => state.hasStopped,
  }
}
