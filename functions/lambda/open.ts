import { createAuditRecorder } from '../../shared/audit/recorder.ts'
import { openAws } from '../../shared/aws/open.ts'
import { createAwsSecrets } from '../../shared/aws/secrets.ts'
import { createAuditedLogIn } from '../../shared/identity/audited-log-in.ts'
import type { LogIn } from '../../shared/identity/log-in.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS, type RegistryContext } from '../../shared/registry/context.ts'
import { createQuotaWarnings } from '../../shared/registry/quota-warnings.ts'
import { createPulls } from '../../shared/repositories/pulls.ts'
import { behindAnswers } from './behind-answers.ts'
import { distributionOf, storeOf, whereOf, type Front } from './environment.ts'
import { registerExtension, type Extension } from './extension.ts'
import { createFirstStart } from './first-start.ts'

/** Where what is worth knowing is said. */
export type Tell = {
  readonly info: (message: string, fields: Readonly<Record<string, string>>) => void
  readonly error: (
    message: string,
    error: unknown,
    fields?: Readonly<Record<string, string>>,
  ) => void
}

/** Lambda makes a line of JSON of it. */
const CONSOLE: Tell = {
  info: (message, fields) => {
    console.info(message, fields)
  },
  error: (message, error, fields = {}) => {
    console.error(message, fields, error)
  },
}

/** What both APIs stand on, in a function or in a process of their own. */
export const openFront = (env: Front, tell = CONSOLE) => {
  const where = whereOf(env)
  const secrets = createAwsSecrets(where)
  const distribution = distributionOf(env, secrets)
  const { kv, objects } = openAws({
    ...{ ...where, table: env.TABLE_NAME, bucket: env.BUCKET_NAME },
    ...(distribution !== undefined && { distribution }),
  })
  const store = storeOf(env, kv)
  const context: RegistryContext = {
    store,
    objects,
    repositories: createRepositories(store, { createProjectsOnPush: false }),
    limits: DEFAULT_LIMITS,
    allowSparse: env.ALLOW_SPARSE,
    quotaWarned: createQuotaWarnings(store.clock, tell.info),
  }
  const audit = createAuditRecorder(store)
  const pulls = createPulls(store)
  const start = createFirstStart(store, async () => {
    const password = await secrets.read(env.ADMIN_SECRET)
    if (password === undefined) throw new Error('the secret with the first password is gone')
    return password
  })
  const auditedLogIn = createAuditedLogIn(store, audit, (failed) => {
    tell.info('a login failed', failed)
  })
  const logIn: LogIn = async (login) => {
    await start()
    return await auditedLogIn(login)
  }
  const flushAll = async (): Promise<void> => {
    await Promise.all([audit.flush(), pulls.close()])
  }
  return {
    ...{ context, audit, pulls, logIn, where },
    externalUrl: env.EXTERNAL_URL,
    reportError: (error: unknown, requestId: string): void => {
      tell.error('a request failed', error, { id: requestId })
    },
    /** The handler, with what it gathers of pulls and logins written behind its answers and at the end. */
    serve: async <Call extends readonly unknown[], Answer>(
      handler: (...call: Call) => Promise<Answer>,
    ): Promise<typeof handler> => {
      const onError = (error: unknown): void => {
        tell.error('what was gathered of pulls and logins could not be written yet', error)
      }
      flushAtTheEnd(flushAll, onError)
      const work = async (): Promise<void> => {
        await Promise.all([audit.flush(), pulls.flush()])
      }
      const onLost = (): void => {
        process.exit(1)
      }
      const extension = await extend(env.AWS_LAMBDA_RUNTIME_API)
      return behindAnswers(handler, { work, onError, onLost }, extension)
    },
  }
}

const extend = async (runtimeApi: string | undefined): Promise<Extension | undefined> => {
  if (runtimeApi === undefined) return undefined
  return await registerExtension(runtimeApi).catch((error: unknown) => {
    console.error('answers wait for what is gathered: no extension', error)
    return undefined
  })
}

/** Lambda gives a function with an extension half a second to end. */
const flushAtTheEnd = (flush: () => Promise<void>, onError: (error: unknown) => void): void => {
  process.once('SIGTERM', () => {
    void flush()
      .catch(onError)
      .finally(() => process.exit(0))
  })
}
