import { randomBytes } from 'node:crypto'
import { createAuditRecorder } from '../../shared/audit/recorder.ts'
import { fullReference } from '../../shared/oci/reference.ts'
import { createDoor } from '../../shared/identity/door.ts'
import { createLogIn } from '../../shared/identity/log-in.ts'
import type { Principal } from '../../shared/auth/principal.ts'
import type { ProjectName } from '../../shared/oci/name.ts'
import type { Store } from '../../shared/store/store.ts'
import { openEmbedded, type Embedded } from '../../shared/embedded/open.ts'
import { ownerOf, tryCreateProject } from '../../shared/projects/create.ts'
import { mayCreateProjects } from '../../shared/projects/may-create.ts'
import { createPulls } from '../../shared/repositories/pulls.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS, type RegistryContext } from '../../shared/registry/context.ts'
import { createProcessHashing } from '../../shared/registry/uploads/hashing.ts'
import { readSettings } from '../../shared/settings/read.ts'
import { createJobs } from '../../shared/jobs/jobs.ts'
import { createHandlers } from '../../shared/messages/handlers.ts'
import { sendMessage } from '../../shared/messages/messages.ts'
import { formatBytes } from '../../shared/bytes.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import type { JobName } from '../../shared/table.ts'
import type { ApiDeps } from '../api/deps.ts'
import type { Deps } from '../registry/deps.ts'
import { composeApi } from './compose-api.ts'
import { deliver } from './deliver.ts'
import { prepare } from './first-start.ts'
import { runJobs } from './jobs.ts'
import { onceAnHour } from './once-an-hour.ts'
import { regularly } from './regularly.ts'
import type { Log } from './log.ts'
import type { ServerOptions } from './options.ts'
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
  readonly close: () => Promise<void>
}

const SECRET_BYTES = 32
const MAX_LOGGED_NAME = 255
const FAILED_LOGIN = { operation: 'login', resourceType: 'user', isSuccess: false } as const

/** Puts the registry together on the embedded adapters. */
export const compose = async (options: ServerOptions, log: Log): Promise<Composition> => {
  const secret = options.redirectBlobs ? randomBytes(SECRET_BYTES).toString('hex') : undefined
  const embedded = await openEmbedded(options.data, {
    clock: systemClock,
    // Without a host the redirect leads to wherever the client reached this server.
    ...(secret === undefined ? {} : { redirect: { baseUrl: '', secret } }),
    writes: { baseUrl: '', secret: randomBytes(SECRET_BYTES).toString('hex') },
  })
  const store = { kv: embedded.kv, clock: systemClock, ids: createRandomIds() }
  const context = {
    store,
    objects: embedded.objects,
    repositories: createRepositories(store, options),
    limits: DEFAULT_LIMITS,
    allowSparse: options.allowSparse,
    quotaWarned: onceAnHour(
      store.clock,
      ({ project }) => project,
      ({ limitBytes, project, usedBytes }) => {
        log.info('a project has used most of its storage', {
          project,
          used: formatBytes(usedBytes),
          limit: formatBytes(limitBytes),
        })
      },
    ),
  } satisfies RegistryContext
  const hashing = createProcessHashing()
  const verifier = createVerifier(context, hashing)
  const audit = createAuditRecorder(store)
  const pulls = createPulls(store)
  const logIn = createLogIn(store, ({ address, name }, why) => {
    audit.record({ name, address }, { ...FAILED_LOGIN, resource: name })
    log.info('a login failed', { name: name.slice(0, MAX_LOGGED_NAME), address, why })
  })
  const makeProject = options.createProjectsOnPush ? projectMaker(store) : undefined
  const door = createDoor(store, options.access === 'open' ? 'open' : { logIn, makeProject })
  const reportError: Deps['reportError'] = (error, requestId) => {
    log.error('a request failed', error, { id: requestId })
  }
  const password = await prepare(store, options).catch(async (error: unknown) => {
    await embedded.close()
    throw error
  })
  const jobs = runJobs(store, createJobs(store), (error, job) => {
    log.error('a job failed', error, { job })
  })
  const runJob = (job: JobName): Promise<void> => {
    jobs.wake(job)
    return Promise.resolve()
  }
  const messages = deliver(embedded.queue, createHandlers({ runJob }), (error, { attempt, id }) => {
    log.error('a message could not be worked on', error, { message: id, attempt: String(attempt) })
  })
  const jobWaits = async (job: JobName): Promise<void> => {
    try {
      await sendMessage(embedded.queue, 'wakeJob', { job })
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
  ]
  return {
    adminPassword: password,
    close: async () => {
      for (const loop of loops) await loop.end()
      await pulls.close()
      await embedded.close()
    },
    redirectSecret: secret,
    receive: embedded.receive,
    api: composeApi(options, {
      ...{ store, registry: context, logIn, reportError },
      jobWaits,
    }),
    deps: {
      context,
      verify: verifier.verify,
      isReadOnly: async () => (await readSettings(store)).isReadOnly,
      hashing,
      ...door,
      pulled: ({ actor, digest, name, reference, repository }) => {
        pulls.pulled(repository, digest, reference.kind === 'tag' ? reference.tag : undefined)
        const { pid } = repository
        const resource = fullReference(name, reference)
        audit.record(actor, { operation: 'pull', resourceType: 'artifact', resource, pid })
      },
      externalUrl: options.externalUrl,
      reportError,
    },
  }
}

/** Makes a project for whoever pushes to one that is not there, and may make projects. */
const projectMaker =
  (store: Store) =>
  async (principal: Principal, name: ProjectName): Promise<void> => {
    if (!(await mayCreateProjects(store, principal))) return
    // Taken: somebody made it in the meantime, and whether this one may push there is for it to say.
    await tryCreateProject(store, ownerOf(principal), { name })
  }
