import { createApi } from '../../../functions/api/app.ts'
import { REQUEST_LIMIT } from '../../../functions/lambda/limits.ts'
import { serveEvents } from '../../../functions/lambda/serve.ts'
import { createApp } from '../../../functions/registry/app.ts'
import type { Deps } from '../../../functions/registry/deps.ts'
import { compose, type Composition } from '../../../functions/server/compose.ts'
import { createLog } from '../../../functions/server/log.ts'
import { respond } from '../../../functions/server/respond.ts'
import { answerSignedRead } from '../../../functions/server/signed-objects.ts'
import { createPortableHashing } from '../../../shared/registry/uploads/hashing.ts'
import type { Login } from '../credentials.ts'
import { temporaryDirectory } from '../temporary.ts'
import { startInvoker, type EventHandler, type InvokerOptions } from './invoker.ts'
import { listen, type Gateway } from '../../../infra/local/limits.ts'

export type GatewayRegistry = {
  readonly url: string
  /** As in an image reference. */
  readonly host: string
  /** Where blob reads are sent to. */
  readonly bucketUrl: string
  /** Of somebody who may do everything. */
  readonly login: Login
  /** The functions themselves, without API Gateway. */
  readonly registry: EventHandler
  readonly api: EventHandler
  readonly composition: Composition
  readonly stop: () => Promise<void>
}

const LOGIN = { name: 'admin', password: 'Gateway123' }

/**
 * The two functions as they are on Lambda, login on, over the embedded ports, behind an API Gateway of our own; blob
 * reads are redirected to another host, as they are to S3.
 */
export const startGatewayRegistry = async (
  options: InvokerOptions & { readonly allowSparse?: boolean } = {},
): Promise<GatewayRegistry> => {
  const directory = await temporaryDirectory('gateway')
  const server = {
    ...{ host: '127.0.0.1', port: 0, data: directory.path, tls: undefined },
    ...{ allowSparse: options.allowSparse ?? false, createProjectsOnPush: true },
    ...{
      adminPassword: LOGIN.password,
      externalUrl: undefined,
      isBehindProxy: false,
      gcEveryMs: undefined,
      gcGraceMs: undefined,
      redirectBlobs: true,
    },
    access: 'login',
    logLevel: 'silent',
  } as const
  const composition = await compose(server, createLog('silent', false))
  const bucket = await startBucket(composition)
  let functions: Pick<GatewayRegistry, 'registry' | 'api'> | undefined
  const gateway = await startInvoker((url) => {
    const deps = asOnLambda(composition, url, bucket.url)
    const made = {
      registry: serveEvents(createApp(deps)),
      api: serveEvents(createApi({ ...composition.api, registry: deps.context })),
    }
    functions = made
    return (path) => (/^\/(?:api|c)\//.test(path) ? made.api : made.registry)
  }, options)
  const { url } = gateway
  if (functions === undefined) throw new Error('there are no functions')
  return {
    ...{ url, host: new URL(url).host, bucketUrl: bucket.url, login: LOGIN },
    ...{ ...functions, composition },
    stop: async () => {
      await gateway.stop()
      await bucket.stop()
      await composition.close()
      await directory.remove()
    },
  }
}

/** What is different where requests meet different processes, and bytes leave by signed URLs. */
const asOnLambda = ({ deps }: Composition, url: string, bucketUrl: string): Deps => {
  const { objects } = deps.context
  const signedRead: typeof objects.signedRead = async (...args) => {
    const path = await objects.signedRead(...args)
    return path && `${bucketUrl}${path}`
  }
  return {
    ...deps,
    context: { ...deps.context, objects: { ...objects, signedRead } },
    hashing: createPortableHashing(),
    requestLimit: REQUEST_LIMIT,
    externalUrl: url,
  }
}

const startBucket = async ({ deps, redirectSecret = '' }: Composition): Promise<Gateway> =>
  await listen(() => (incoming, outgoing) => {
    const answer = async (): Promise<void> => {
      const found = await answerSignedRead(deps.context, redirectSecret, incoming)
      await respond(outgoing, found ?? { status: 403, headers: {} }, false)
    }
    answer().catch(() => outgoing.destroy())
  })
