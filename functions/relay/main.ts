/**
 * The distribution API on the table and the bucket of a deployment, in a process of its own: it takes bodies of any size
 * as they stream, which no function can. Any number of these run beside the functions.
 */
import { createAwsQueue } from '../../shared/aws/queue.ts'
import { entrustVerification } from '../../shared/registry/uploads/direct/entrust.ts'
import { createPortableHashing } from '../../shared/registry/uploads/hashing.ts'
import { openFront } from '../lambda/open.ts'
import { composeRegistry } from '../registry/compose.ts'
import { addressBehindProxy } from '../server/forwarded.ts'
import { createListener } from '../server/listener.ts'
import { createLog } from '../server/log.ts'
import { regularly } from '../server/regularly.ts'
import { createServer, listen } from '../server/serve.ts'
import { untilStopped } from '../server/stop.ts'
import { environment } from './environment.ts'

/** `infra/relay.ts` gives it two minutes to end: the requests in flight have all but ten seconds of them. */
const GRACE_MS = 110_000
/** Above the five minutes that the load balancer keeps an idle connection, so that the load balancer closes first. */
const KEEP_ALIVE_MS = 310_000

const env = environment.parse(process.env)
const log = createLog('info', false)
const { where, ...parts } = openFront(env, log)
const { audit, context, pulls } = parts
// A client's next request may reach another process, or a function.
const hashing = createPortableHashing()
const queue = createAwsQueue({ ...where, url: env.QUEUE_URL })
const deps = composeRegistry({
  ...parts,
  hashing,
  createProjectsOnPush: env.CREATE_PROJECTS_ON_PUSH,
  verify: entrustVerification({ context, hashing, queue }),
})

const notWritten = (error: unknown): void => {
  log.error('what was gathered of pulls and logins could not be written yet', error)
}
const loops = [regularly(audit.flush, notWritten), regularly(pulls.flush, notWritten)]

let isReady = true
const served = { deps, addressOf: addressBehindProxy }
const server = createServer(
  { tls: undefined, keepAliveMs: KEEP_ALIVE_MS },
  createListener(served, log, { isReady: () => isReady }),
)
const url = await listen(server, { host: env.LISTEN_HOST, port: env.LISTEN_PORT, tls: undefined })
log.info('the relay serves', { url, externalUrl: env.EXTERNAL_URL })
const onStopping = (): void => {
  isReady = false
  log.info('stopping: requests in flight may finish')
}
await untilStopped(server, onStopping, GRACE_MS)
for (const loop of loops) await loop.end()
await pulls.close()
log.flush()
