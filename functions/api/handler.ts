/** Harbor's management API on Lambda, behind an HTTP API of API Gateway. */
import { createAwsExecutions } from '../../shared/aws/executions.ts'
import { createAwsQueue } from '../../shared/aws/queue.ts'
import { sendMessage } from '../../shared/messages/messages.ts'
import { collecting, front, queueing } from '../lambda/environment.ts'
import { openFront } from '../lambda/open.ts'
import { serveEvents } from '../lambda/serve.ts'
import { createApi } from './app.ts'
import { composeApi } from './compose.ts'

const env = front.extend(queueing).extend(collecting).parse(process.env)
const { context, externalUrl, logIn, reportError, serve, where } = openFront(env)
const queue = createAwsQueue({ ...where, url: env.QUEUE_URL })
const collections = createAwsExecutions({ ...where, stateMachine: env.COLLECTION_ARN })

const deps = composeApi({
  ...{ registry: context, logIn, externalUrl, reportError },
  storage: 's3',
  jobWaits: async (job) => {
    try {
      if (job === 'garbageCollection') await collections.start('{}')
      else await sendMessage(queue, 'wakeJob', { job })
    } catch (error) {
      console.error('nobody could be told that a job waits', { job }, error)
    }
  },
})

/** What Lambda calls. */
export const handler = await serve(serveEvents(createApi(deps)))
