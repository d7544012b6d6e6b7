import type { JobName, ObjectId } from '../table.ts'
import type { Handlers, WorkContext } from './messages.ts'

export type HandlerDeps = {
  /** Has a job run that is to run now. */
  readonly runJob: (job: JobName, context: WorkContext) => Promise<void>
  /** Has the object of a direct upload read through. */
  readonly verifyUpload: (oid: ObjectId, context: WorkContext) => Promise<void>
}

/** What is done about every kind of message, on Lambda as on one machine. */
export const createHandlers = ({ runJob, verifyUpload }: HandlerDeps): Handlers => ({
  wakeJob: async ({ job }, context) => {
    await runJob(job, context)
  },
  verifyUpload: async ({ oid }, context) => {
    await verifyUpload(oid, context)
  },
})
