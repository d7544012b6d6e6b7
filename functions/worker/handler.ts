/** Works on the queue and on what is due, on Lambda. */
import * as z from 'zod'
import { openAws } from '../../shared/aws/open.ts'
import { createJobs } from '../../shared/jobs/jobs.ts'
import { createHandlers } from '../../shared/messages/handlers.ts'
import { runDue } from '../../shared/schedules/run-due.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { createWorker, type WorkerDeps } from './worker.ts'

const environment = z.object({
  /** By Lambda itself. */
  AWS_REGION: z.string().min(1),
  TABLE_NAME: z.string().min(1),
  BUCKET_NAME: z.string().min(1),
  /** Only where AWS is played by something else. */
  AWS_ENDPOINT_URL: z.url().optional(),
})

const compose = (env: z.infer<typeof environment>): WorkerDeps => {
  const { kv } = openAws({
    region: env.AWS_REGION,
    table: env.TABLE_NAME,
    bucket: env.BUCKET_NAME,
    ...(env.AWS_ENDPOINT_URL !== undefined && { endpoint: env.AWS_ENDPOINT_URL }),
  })
  const store = { kv, clock: systemClock, ids: createRandomIds() }
  const jobs = createJobs(store)
  return {
    store,
    jobs,
    handlers: createHandlers({
      runJob: async (name, { isEnding }) => {
        const job = jobs.find((one) => one.name === name)
        if (job === undefined) throw new Error(`this version knows no job ${name}`)
        await runDue(store, job, isEnding)
      },
    }),
    reportError: (error, what) => {
      console.error('work failed', what, error)
    },
  }
}

const work = createWorker(compose(environment.parse(process.env)))

/** The part of Lambda's context that is used here. */
type LambdaContext = { readonly getRemainingTimeInMillis: () => number }

/** What Lambda calls. */
export const handler = async (event: unknown, context: LambdaContext): ReturnType<typeof work> =>
  await work(event, { remainingMs: () => context.getRemainingTimeInMillis() })
