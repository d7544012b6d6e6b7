import { dispatch, type Handlers, type WorkContext } from '../../shared/messages/messages.ts'
import { runDue, type Job } from '../../shared/schedules/run-due.ts'
import type { Store } from '../../shared/store/store.ts'
import { parseEvent, type Batch, type BatchAnswer } from './events.ts'

/** What is under way is over in this time when it is asked to end. */
const ENDING_MS = 30_000

export type WorkerDeps = {
  readonly store: Store
  readonly jobs: readonly Job[]
  /** Works off garbage that is due. */
  readonly collect: (isEnding: () => boolean) => Promise<void>
  readonly handlers: Handlers
  /** Told of every failure, once, with its cause and what was worked on. Texts of messages stay out of it. */
  readonly reportError: (error: unknown, what: Readonly<Record<string, string | number>>) => void
}

/** How long the function may go on. */
export type Time = { readonly remainingMs: () => number }

/**
 * Works on what Lambda brings: messages of the queue, each of which comes again when it fails, or the tick of the
 * schedule, on which jobs run that are due and garbage is worked off. It ends before it is ended.
 * @throws Error when a job failed, so that the failure is counted; the next tick runs it again when it is due
 */
export const createWorker = (deps: WorkerDeps) => {
  return async (event: unknown, { remainingMs }: Time): Promise<BatchAnswer | undefined> => {
    const context = { isEnding: () => remainingMs() < ENDING_MS }
    const parsed = parseEvent(event)
    if ('Records' in parsed) return await takeBatch(deps, parsed, context)
    await runJobs(deps, context)
    return undefined
  }
}

const takeBatch = async (
  { handlers, reportError }: WorkerDeps,
  { Records: records }: Batch,
  context: WorkContext,
): Promise<BatchAnswer> => {
  const failed: string[] = []
  for (const { attributes, body, messageId } of records) {
    if (context.isEnding()) {
      failed.push(messageId)
      continue
    }
    try {
      await dispatch(handlers, body, context)
    } catch (error) {
      failed.push(messageId)
      reportError(error, { message: messageId, attempt: attributes.ApproximateReceiveCount })
    }
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) }
}

const runJobs = async (
  { collect, jobs, reportError, store }: WorkerDeps,
  { isEnding }: WorkContext,
): Promise<void> => {
  const failed: string[] = []
  const run = async (due: readonly Job[]): Promise<void> => {
    for (const job of due) {
      try {
        await runDue(store, job, isEnding)
      } catch (error) {
        failed.push(job.name)
        reportError(error, { job: job.name })
      }
    }
  }
  await run(jobs.filter(({ isLong = false }) => !isLong))
  try {
    await collect(isEnding)
  } catch (error) {
    failed.push('collection')
    reportError(error, { job: 'collection' })
  }
  await run(jobs.filter(({ isLong = false }) => isLong))
  if (failed.length > 0) throw new Error(`jobs failed: ${failed.join(', ')}`)
}
