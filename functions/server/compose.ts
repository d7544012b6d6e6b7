import { randomBytes } from 'node:crypto'
import { createAuditRecorder } from '../../shared/audit/recorder.ts'
import type { Loss } from '../../shared/check/job.ts'
import { openEmbedded, type Embedded } from '../../shared/embedded/open.ts'
import { readVolume } from '../../shared/embedded/volume.ts'
import { createAuditedLogIn } from '../../shared/identity/audited-log-in.ts'
import type { GcJobDeps } from '../../shared/gc/job.ts'
import { createJobs } from '../../shared/jobs/jobs.ts'
import { createHandlers } from '../../shared/messages/handlers.ts'
import { sendMessage } from '../../shared/messages/messages.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS, type RegistryContext } from '../../shared/registry/context.ts'
import { createQuotaWarnings } from '../../shared/registry/quota-warnings.ts'
import { createProcessHashing } from '../../shared/registry/uploads/hashing.ts'
import { createPulls } from '../../shared/repositories/pulls.ts'
import type { Store } from '../../shared/store/store.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import type { JobName } from '../../shared/table.ts'
import { shortTimes } from '../../shared/tasks/times.ts'
import { composeApi } from '../api/compose.ts'
import type { ApiDeps } from '../api/deps.ts'
import { composeRegistry } from '../registry/compose.ts'
import type { Deps } from '../registry/deps.ts'
import { collectRegularly } from './collector.ts'
import { deliver } from './deliver.ts'
import { prepare } from './first-start.ts'
import { runJobs } from './jobs.ts'
import type { Log } from './log.ts'
import type { ServerOptions } from './options.ts'
import { regularly } from './regularly.ts'
import { createTraffic, type Traffic } from './traffic.ts'
import { createVerifier } from './verifier.ts'

export type Composition = {
  readonly deps: Deps
  readonly api: ApiDeps
  /** Signs blob reads that are redirected; absent when this server answers bytes. */
  readonly redirectSecret: string | undefined
  /** Takes what clients put by signed URLs. */
  readonly receive: Embedded['receive']
  /** Of the administrator, when it was made up just now: it can be shown this once. */
  readonly adminPassword: string | undefined
  /** What can wait gives way to it. */
  readonly traffic: Traffic
  readonly close: () => Promise<void>
}

const SECRET_BYTES = 32

/** Puts the registry together on the embedded adapters. */
export const compose = async (options: ServerOptions, log: Log): Promise<Composition> => {
  const secret = options.redirectBlobs ? randomBytes(SECRET_BYTES).toString('hex') : undefined
  const { close, kv, objects, queue, receive } = await openEmbedded(options.data, {
    clock: systemClock,
    // Without a host the redirect leads to wherever the client reached this server.
    ...(secret === undefined ? {} : { redirect: { baseUrl: '', secret } }),
    writes: { baseUrl: '', secret: randomBytes(SECRET_BYTES).toString('hex') },
  })
  const { gcGraceMs } = options
  const store: Store = {
    ...{ kv, clock: systemClock, ids: createRandomIds() },
    ...(gcGraceMs === undefined ? {} : { times: shortTimes(gcGraceMs) }),
  }
  const context: RegistryContext = {
    store,
    objects,
    repositories: createRepositories(store, options),
    limits: DEFAULT_LIMITS,
    allowSparse: options.allowSparse,
    quotaWarned: createQuotaWarnings(systemClock, log.info),
  }
  const hashing = createProcessHashing()
  const verifier = createVerifier(context, hashing)
  const audit = createAuditRecorder(store)
  const pulls = createPulls(store)
  const logIn = createAuditedLogIn(store, audit, (failed) => {
    log.info('a login failed', failed)
  })
  const reportError: Deps['reportError'] = (error, requestId) => {
    log.error('a request failed', error, { id: requestId })
  }
  const adminPassword = await prepare(store, options).catch(async (error: unknown) => {
    await close()
    throw error
  })

  const traffic = createTraffic()
  const collection: GcJobDeps = {
    context,
    isBusy: traffic.isBusy,
    troubled: ({ attempts, error, type }) => {
      log.error('garbage could not be collected yet', error, { type, attempts: String(attempts) })
    },
  }
  const lost = ({ lost: count, run }: Loss): void => {
    const seen = new Error(`${count} things are gone`)
    log.error('data is lost', seen, { audit: String(run) })
  }
  const jobs = runJobs(store, createJobs({ ...collection, lost }), (error, job) => {
    log.error('a job failed', error, { job })
  })
  const collector =
    options.gcEveryMs === undefined
      ? undefined
      : collectRegularly(collection, options.gcEveryMs, (error) => {
          log.error('garbage could not be collected', error)
        })
  const runJob = (job: JobName): Promise<void> => {
    jobs.wake(job)
    return Promise.resolve()
  }
  // Requests ask the verifier themselves: it is in the same process, and so is the hash of what it has read so far.
  const handlers = createHandlers({ runJob, verifyUpload: verifier.verify })
  const messages = deliver(queue, handlers, (error, { attempt, id }) => {
    log.error('a message could not be worked on', error, { message: id, attempt: String(attempt) })
  })
  const jobWaits = async (job: JobName): Promise<void> => {
    try {
      await sendMessage(queue, 'wakeJob', { job })
    } catch (error) {
      log.error('a message could not be sent', error, { job })
    }
    messages.wake()
  }
  const loops = [
    messages,
    regularly(audit.flush, (error) => {
      log.error('the audit log could not be written', error)
    }),
    regularly(pulls.flush, (error) => {
      log.error('what was pulled could not be written', error)
    }),
    jobs,
    verifier,
    ...(collector === undefined ? [] : [collector]),
  ]

  const { createProjectsOnPush, externalUrl } = options
  return {
    adminPassword,
    traffic,
    redirectSecret: secret,
    close: async () => {
      for (const loop of loops) await loop.end()
      await pulls.close()
      await close()
    },
    receive,
    deps: composeRegistry({
      ...{ context, audit, pulls, externalUrl, createProjectsOnPush, reportError },
      hashing,
      verify: verifier.verify,
      logIn: options.access === 'open' ? 'open' : logIn,
    }),
    api: composeApi({
      ...{ registry: context, logIn, externalUrl, jobWaits, reportError },
      storage: 'filesystem',
      volumes: async () => [await readVolume(options.data)],
    }),
  }
}
