/** The distribution API on Lambda, behind an HTTP API of API Gateway. */
import * as z from 'zod'
import { createDoor } from '../../shared/identity/door.ts'
import { openAws } from '../../shared/aws/open.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS } from '../../shared/registry/context.ts'
import { verifyDirectUpload } from '../../shared/registry/uploads/direct/verify.ts'
import { createPortableHashing } from '../../shared/registry/uploads/hashing.ts'
import { readSettings } from '../../shared/settings/read.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { REQUEST_LIMIT } from '../lambda/limits.ts'
import { serveEvents } from '../lambda/serve.ts'
import { createApp } from './app.ts'
import type { Deps } from './deps.ts'

/** Set by `infra/registry-function.ts`. A deployment that forgot one fails at its first start, with its name. */
const environment = z.object({
  /** By Lambda itself. */
  AWS_REGION: z.string().min(1),
  TABLE_NAME: z.string().min(1),
  BUCKET_NAME: z.string().min(1),
  CREATE_PROJECTS_ON_PUSH: z.stringbool(),
  ALLOW_SPARSE: z.stringbool(),
  /** Only where AWS is played by something else. */
  AWS_ENDPOINT_URL: z.url().optional(),
})

/** A request has 29 seconds; what a pass has read until then is written down, and the next request goes on from there. */
const VERIFY_MS = 20_000

const compose = (env: z.infer<typeof environment>): Deps => {
  const { kv, objects } = openAws({
    region: env.AWS_REGION,
    table: env.TABLE_NAME,
    bucket: env.BUCKET_NAME,
    ...(env.AWS_ENDPOINT_URL !== undefined && { endpoint: env.AWS_ENDPOINT_URL }),
  })
  const store = { kv, clock: systemClock, ids: createRandomIds() }
  const context = {
    store,
    objects,
    repositories: createRepositories(store, { createProjectsOnPush: env.CREATE_PROJECTS_ON_PUSH }),
    limits: DEFAULT_LIMITS,
    allowSparse: env.ALLOW_SPARSE,
  }
  const hashing = createPortableHashing()
  return {
    context,
    verify: async (oid) => {
      const until = store.clock.now() + VERIFY_MS
      await verifyDirectUpload(context, hashing, oid, () => store.clock.now() < until)
    },
    isReadOnly: async () => (await readSettings(store)).isReadOnly,
    hashing,
    requestLimit: REQUEST_LIMIT,
    // The stack deploys only where that is said aloud: `infra/app.ts`.
    ...createDoor(store, 'open'),
    reportError: (error, requestId) => {
      console.error(`a request failed: ${requestId}`, error)
    },
  }
}

/** What Lambda calls. */
export const handler = serveEvents(createApp(compose(environment.parse(process.env))))
