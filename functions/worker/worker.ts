import type { Lane, Stage } from '../../shared/gc/steps/stage.ts'
import type { Step } from '../../shared/gc/steps/steps.ts'
import { dispatch, type Handlers, type WorkContext } from '../../shared/messages/messages.ts'
import type { JobName } from '../../shared/table.ts'
import { parseEvent, type Batch, type BatchAnswer } from './events.ts'

/** What is under way is over in this time when it is asked to end. */
const ENDING_MS = 30_000

/** What is done when a job may be due or somebody wants it to run; nothing when it is not to run. */
export type Looks = Readonly<Record<JobName, (isEnding: () => boolean) => Promise<void>>>

export type WorkerDeps = {
  readonly looks: Looks
  /** Works off garbage that is due. */
  readonly collect: (isEnding: () => boolean) => Promise<void>
  /** Does a step of a collection that goes on for longer than this function may. */
  readonly takeStep: (step: Step, isEnding: () => boolean) => Promise<Stage | Lane>
  readonly handlers: Handlers
  /** Told of every failure, once, with its cause and what was worked on. Texts of messages stay out of it. */
  readonly reportError: (error: unknown, what: Readonly<Record<string, string | number>>) => void
}

/** How long the function may go on. */
export type Time = { readonly remainingMs: () => number }

/**
 * Works on what Lambda brings: messages of the queue, each of which comes again when it fails; the tick of the schedule,
 * on which jobs run that are due and garbage is worked off; a step of the state machine. It ends before it is ended.
 * @throws Error when a job or a step failed, so that the failure is counted; the next tick runs the job again when it is
 * due, and the state machine the step
 */
export const createWorker = (deps: WorkerDeps) => {
  return async (
    event: unknown,
    { remainingMs }: Time,
  ): Promise<BatchAnswer | Stage | Lane | undefined> => {
    const context = { isEnding: () => remainingMs() < ENDING_MS }
    const parsed = parseEvent(event)
    if ('Records' in parsed) return await takeBatch(deps, parsed, context)
    if (parsed.kind === 'collection') return await deps.takeStep(parsed, context.isEnding)
    await lookForWork(deps, context)
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

const lookForWork = async (
  { collect, looks, reportError }: WorkerDeps,
  { isEnding }: WorkContext,
): Promise<void> => {
  const failed: string[] = []
  const { storageAudit, ...short } = looks
  const inOrder = [
    ...Object.entries(short),
    ['collection', collect],
    // May take all the time that is left.
    ['storageAudit', storageAudit],
  ] as const
  for (const [job, look] of inOrder) {
    try {
      await look(isEnding)
    } catch (error) {
      failed.push(job)
      reportError(error, { job })
    }
  }
  if (failed.length > 0) throw new Error(`jobs failed: ${failed.join(', ')}`)
}
