/** The distribution API and its tokens on Lambda, behind an HTTP API of API Gateway. */
import { createAwsQueue } from '../../shared/aws/queue.ts'
import { entrustVerification } from '../../shared/registry/uploads/direct/entrust.ts'
import { createPortableHashing } from '../../shared/registry/uploads/hashing.ts'
import { front, queueing } from '../lambda/environment.ts'
import { requestLimitFor } from '../lambda/limits.ts'
import { openFront } from '../lambda/open.ts'
import { serveEvents } from '../lambda/serve.ts'
import { createApp } from './app.ts'
import { composeRegistry } from './compose.ts'

const env = front.extend(queueing).parse(process.env)
const { serve, where, ...parts } = openFront(env)
const { context } = parts
const hashing = createPortableHashing()
const queue = createAwsQueue({ ...where, url: env.QUEUE_URL })
const requestLimit = requestLimitFor(env.RELAY_URL)
const deps = composeRegistry({
  ...parts,
  hashing,
  createProjectsOnPush: env.CREATE_PROJECTS_ON_PUSH,
  requestLimit,
  verify: entrustVerification({ context, hashing, queue }),
})

/** What Lambda calls. */
export const handler = await serve(serveEvents(createApp(deps), requestLimit))
