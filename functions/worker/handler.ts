/** Works on the queue and on what is due, on Lambda. */
import type * as z from 'zod'
import { openAws } from '../../shared/aws/open.ts'
import { createAwsQueue } from '../../shared/aws/queue.ts'
import { collectInBackground } from '../../shared/gc/background.ts'
import type { GcJobDeps } from '../../shared/gc/job.ts'
import { createJobs } from '../../shared/jobs/jobs.ts'
import { createHandlers } from '../../shared/messages/handlers.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS, type RegistryContext } from '../../shared/registry/context.ts'
import { takeOnVerification } from '../../shared/registry/uploads/direct/entrust.ts'
import { createPortableHashing } from '../../shared/registry/uploads/hashing.ts'
import { runDue } from '../../shared/schedules/run-due.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { ports, queueing, whereOf } from '../lambda/environment.ts'
import { createWorker, type WorkerDeps } from './worker.ts'

const environment = ports.extend(queueing)

const compose = (env: z.infer<typeof environment>): WorkerDeps => {
  const where = whereOf(env)
  const { kv, objects } = openAws({ ...where, table: env.TABLE_NAME, bucket: env.BUCKET_NAME })
  const store = { kv, clock: systemClock, ids: createRandomIds() }
  const context: RegistryContext = {
    ...{ store, objects, limits: DEFAULT_LIMITS, allowSparse: false },
    repositories: createRepositories(store, { createProjectsOnPush: false }),
  }
  const collection: GcJobDeps = {
    context,
    troubled: ({ attempts, error, type }) => {
      console.error('garbage could not be collected yet', { type, attempts }, error)
    },
  }
  const jobs = createJobs({
    ...collection,
    // The words that the alarm waits for: `LOSS` of infra/alarms.ts.
    lost: (loss) => {
      console.error('data is lost', loss)
    },
  })
  return {
    store,
    jobs,
    collect: async (isEnding) => {
      await collectInBackground({ ...collection, isEnding })
    },
    handlers: createHandlers({
      runJob: async (name, { isEnding }) => {
        const job = jobs.find((one) => one.name === name)
        if (job === undefined) throw new Error(`this version knows no job ${name}`)
        await runDue(store, job, isEnding)
      },
      verifyUpload: takeOnVerification({
        ...{ context, hashing: createPortableHashing() },
        queue: createAwsQueue({ ...where, url: env.QUEUE_URL }),
      }),
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
