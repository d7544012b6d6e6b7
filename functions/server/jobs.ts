import { runDue, type Job } from '../../shared/schedules/run-due.ts'
import type { Store } from '../../shared/store/store.ts'
import type { JobName } from '../../shared/table.ts'

const LOOK_EVERY_MS = 10_000

export type Jobs = {
  /** Looks now whether a job is to run. */
  readonly wake: (job: JobName) => void
  /** Stops what runs, waits for it, and runs nothing any more. */
  readonly end: () => Promise<void>
}

/** Runs jobs when they are due or somebody wants them to, each beside the others and never beside itself. */
export const runJobs = (
  store: Store,
  jobs: readonly Job[],
  onError: (error: unknown, job: JobName) => void,
): Jobs => {
  const running = new Map<JobName, Promise<void>>()
  let isEnding = false

  const run = async (job: Job): Promise<void> => {
    try {
      await runDue(store, job, () => isEnding)
    } catch (error) {
      onError(error, job.name)
    }
    running.delete(job.name)
  }
  const look = (job: Job): void => {
    if (!isEnding && !running.has(job.name)) running.set(job.name, run(job))
  }

  const timer = setInterval(() => {
    for (const job of jobs) look(job)
  }, LOOK_EVERY_MS)
  // The process need not stay for it.
  timer.unref()
  return {
    wake: (name) => {
      const job = jobs.find((one) => one.name === name)
      if (job !== undefined) look(job)
    },
    end: async () => {
      isEnding = true
      clearInterval(timer)
      await Promise.all(running.values())
    },
  }
}
