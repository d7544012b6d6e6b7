/** The distribution API and its tokens on Lambda, behind an HTTP API of API Gateway. */
import { verifyDirectUpload } from '../../shared/registry/uploads/direct/verify.ts'
import { createPortableHashing } from '../../shared/registry/uploads/hashing.ts'
import { front } from '../lambda/environment.ts'
import { REQUEST_LIMIT } from '../lambda/limits.ts'
import { openFront } from '../lambda/open.ts'
import { serveEvents } from '../lambda/serve.ts'
import { createApp } from './app.ts'
import { composeRegistry } from './compose.ts'

/** A request has 29 seconds; what a pass has read until then is written down, and the next request goes on from there. */
const VERIFY_MS = 20_000

const env = front.parse(process.env)
const { serve, ...parts } = openFront(env)
const { context } = parts
const { clock } = context.store
const hashing = createPortableHashing()
const deps = composeRegistry({
  ...parts,
  hashing,
  createProjectsOnPush: env.CREATE_PROJECTS_ON_PUSH,
  requestLimit: REQUEST_LIMIT,
  verify: async (oid) => {
    const until = clock.now() + VERIFY_MS
    await verifyDirectUpload(context, hashing, oid, () => clock.now() < until)
  },
})

/** What Lambda calls. */
export const handler = await serve(serveEvents(createApp(deps)))
