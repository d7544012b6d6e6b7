/** Works on the queue and on what is due, on Lambda. */
import type * as z from 'zod'
import { auditPurgeJob } from '../../shared/audit/purge-job.ts'
import { createAwsExecutions } from '../../shared/aws/executions.ts'
import { openAws } from '../../shared/aws/open.ts'
import { createAwsQueue } from '../../shared/aws/queue.ts'
import { storageAuditJob } from '../../shared/check/job.ts'
import { collectInBackground } from '../../shared/gc/background.ts'
import type { GcJobDeps } from '../../shared/gc/job.ts'
import { startDue } from '../../shared/gc/steps/start.ts'
import { takeStep } from '../../shared/gc/steps/steps.ts'
import { createHandlers } from '../../shared/messages/handlers.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS, type RegistryContext } from '../../shared/registry/context.ts'
import { takeOnVerification } from '../../shared/registry/uploads/direct/entrust.ts'
import { createPortableHashing } from '../../shared/registry/uploads/hashing.ts'
import { runDue } from '../../shared/schedules/run-due.ts'
import { collecting, ports, queueing, storeOf, whereOf } from '../lambda/environment.ts'
import { createWorker, type Looks, type WorkerDeps } from './worker.ts'

const environment = ports.extend(queueing).extend(collecting)

const compose = (env: z.infer<typeof environment>): WorkerDeps => {
  const where = whereOf(env)
  const { kv, objects } = openAws({ ...where, table: env.TABLE_NAME, bucket: env.BUCKET_NAME })
  const store = storeOf(env, kv)
  const executions = createAwsExecutions({ ...where, stateMachine: env.COLLECTION_ARN })
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
  const purge = auditPurgeJob(store)
  const audit = storageAuditJob({
    ...collection,
    // The words that the alarm waits for: `LOSS` of infra/alarms.ts.
    lost: (loss) => {
      console.error('data is lost', loss)
    },
  })
  const looks: Looks = {
    auditPurge: async (isEnding) => {
      await runDue(store, purge, isEnding)
    },
    garbageCollection: async () => {
      await startDue(store, executions)
    },
    storageAudit: async (isEnding) => {
      await runDue(store, audit, isEnding)
    },
  }
  return {
    looks,
    takeStep: async (step, isEnding) =>
      await takeStep({ ...collection, executions }, step, isEnding),
    collect: async (isEnding) => {
      await collectInBackground({ ...collection, isEnding })
    },
    handlers: createHandlers({
      runJob: async (name, { isEnding }) => {
        await looks[name](isEnding)
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
