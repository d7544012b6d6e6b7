import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import type { JobName } from '../table.ts'
import { claimRun, keepAlive } from './claim.ts'
import { closing } from './close.ts'
import type { Result, RunStatus } from './items.ts'

/** What a job has to do with the run that it is in. */
export type RunContext = {
  /** To be asked before every piece of work, of seconds at most: it also says that the run is alive. */
  readonly isStopped: () => Promise<boolean>
  /** Writes a line into the log of the run, which administrators read. */
  readonly log: (line: string) => void
}

export type Job = {
  readonly name: JobName
  /** `parameters`: as they were given with the schedule or the run. What it did when it is stopped, it has done. */
  readonly work: (parameters: string, context: RunContext) => Promise<Result>
}

const ALIVE_EVERY_MS = 5_000
const MAX_LOG_CHARACTERS = 4_000

/**
 * Runs a job if it is to run now; answers whether it did. `isEnding`: the process is about to end, and so is the run.
 * @throws whatever the work throws, once the run is marked as failed
 */
export const runDue = async (
  store: Store,
  { name, work }: Job,
  isEnding: () => boolean = () => false,
): Promise<boolean> => {
  if (isEnding()) return false
  const run = await claimRun(store, name)
  if (run === undefined) return false

  let text = ''
  const log: RunContext['log'] = (line) => {
    const next = `${text}${new Date(store.clock.now()).toISOString()} ${line}\n`
    if (next.length <= MAX_LOG_CHARACTERS) text = next
  }
  const state = { saidAt: store.clock.now(), hasStopped: false }
  const isStopped: RunContext['isStopped'] = async () => {
    if (state.hasStopped) return true
    const now = store.clock.now()
    if (isEnding()) {
      state.hasStopped = true
    } else if (now - state.saidAt >= ALIVE_EVERY_MS) {
      state.saidAt = now
      state.hasStopped = !(await keepAlive(store, name, run, text))
    }
    return state.hasStopped
  }
  const end = async (status: RunStatus, result: Result): Promise<void> => {
    // Refused: it was taken for dead, and somebody has ended it.
    await transactNamed(store, closing(store, name, run, { status, result, log: text }))
  }

  let result: Result
  try {
    result = await work(run.parameters, { isStopped, log })
  } catch (error) {
    log('it failed; the log of the server says why')
    await end('Error', {})
    throw error
  }
  if (state.hasStopped) log(isEnding() ? 'stopped: whoever ran it had to end' : 'stopped')
  await end(state.hasStopped ? 'Stopped' : 'Success', result)
  return true
}
