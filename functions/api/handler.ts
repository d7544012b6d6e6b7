/** Harbor's management API on Lambda, behind an HTTP API of API Gateway. */
import { createAwsQueue } from '../../shared/aws/queue.ts'
import { sendMessage } from '../../shared/messages/messages.ts'
import { front, queueing } from '../lambda/environment.ts'
import { openFront } from '../lambda/open.ts'
import { serveEvents } from '../lambda/serve.ts'
import { createApi } from './app.ts'
import { composeApi } from './compose.ts'

const env = front.extend(queueing).parse(process.env)
const { context, externalUrl, logIn, reportError, serve, where } = openFront(env)
const queue = createAwsQueue({ ...where, url: env.QUEUE_URL })

const deps = composeApi({
  ...{ registry: context, logIn, externalUrl, reportError },
  storage: 's3',
  jobWaits: async (job) => {
    try {
      await sendMessage(queue, 'wakeJob', { job })
    } catch (error) {
      console.error('a message could not be sent', { job }, error)
    }
  },
})

/** What Lambda calls. */
export const handler = await serve(serveEvents(createApi(deps)))
