import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { createApp } from '../registry/app.ts'
import { errorAnswer, type Answer } from '../registry/http/answer.ts'
import { isOurs, toRegistryError } from '../registry/http/errors.ts'
import { API_VERSION, REQUEST_ID } from '../registry/http/headers.ts'
import type { Deps } from '../registry/deps.ts'
import { answerDirectly } from './direct.ts'
import { answerHealth, type Readiness } from './health.ts'
import type { Log } from './log.ts'
import { respond } from './respond.ts'
import { timedBody } from './timed-body.ts'
import { endOfTurn } from './turn.ts'

const DOCUMENT_TIMEOUT_MS = 30_000

/** Paths of the management API, and of the log-in of browsers. */
const MANAGEMENT = /^\/(?:api|c)\//

/** What a process serves. */
export type Served = {
  readonly deps: Deps
  /** The management API, where it is in the same process. */
  readonly management?: {
    readonly fetch: (
      request: Request,
      env: { readonly requestId: string | undefined; readonly address: string },
    ) => Promise<Response> | Response
  }
  /** Answers what a bucket would, where this process stands in for one. `undefined`: another request. */
  readonly answerSigned?: (incoming: IncomingMessage) => Promise<Answer> | undefined
  /** Whom a request comes from; by default from whoever is connected. */
  readonly addressOf?: (incoming: IncomingMessage) => string
}

/** Answers every request, and writes a line for each into the log when it is over. */
export const createListener = (
  { addressOf = connected, answerSigned, deps, management }: Served,
  log: Log,
  readiness: Readiness,
): RequestListener => {
  const app = createApp(deps)
  const ids = new WeakMap<IncomingMessage, string>()
  const ordinary = getRequestListener(
    async (request, env) => {
      const incoming = env.incoming as IncomingMessage
      const requestId = ids.get(incoming)
      const address = addressOf(incoming)
      if (management !== undefined && MANAGEMENT.test(incoming.url ?? '')) {
        limitTime(incoming)
        return await management.fetch(request, { requestId, address })
      }
      const hasBody = request.method !== 'GET' && request.method !== 'HEAD'
      const body = hasBody ? timedBody(incoming) : undefined
      const answer = await app.fetch(request, { requestId, address, body })
      await endOfTurn()
      return answer
    },
    { overrideGlobalObjects: false },
  )

  const direct = async (
    request: IncomingMessage,
    response: ServerResponse,
    answer: ReturnType<typeof answerDirectly> & {},
    entry: Entry,
  ): Promise<void> => {
    const isHead = request.method === 'HEAD'
    const { id } = entry
    // All headers at once: Node takes a slow way when some were set before.
    const send = async ({ status, headers, body }: Answer): Promise<void> => {
      const length = headers['Content-Length']
      if (isHead) entry.bytes = 0
      else if (length !== undefined) entry.bytes = Number(length)
      await endOfTurn()
      await respond(response, { status, headers: { ...headers, [REQUEST_ID]: id }, body }, isHead)
    }
    try {
      await send(await answer)
    } catch (error) {
      if (response.headersSent) {
        response.destroy()
        return
      }
      if (isOurs(error)) deps.reportError(error, id)
      const { status, headers, body } = errorAnswer(toRegistryError(error, id))
      await send({ status, headers: { ...API_VERSION, ...headers }, body })
    }
  }

  return (request, response) => {
    const id = deps.context.store.ids.next()
    const health = answerHealth(request, readiness)
    if (health !== undefined) {
      void respond(response, health, request.method === 'HEAD')
      return
    }
    const remote = addressOf(request)
    const entry: Entry = { id, remote }
    observe(request, response, entry, log)
    const answer = answerDirectly(deps, request, remote) ?? answerSigned?.(request)
    if (answer !== undefined) {
      void direct(request, response, answer, entry)
      return
    }
    ids.set(request, id)
    void ordinary(request, response)
  }
}

const connected = ({ socket }: IncomingMessage): string => socket.remoteAddress ?? ''

/** Ends a request whose body is not there in time: the documents of the management API are small. */
const limitTime = (incoming: IncomingMessage): void => {
  const timer = setTimeout(() => incoming.destroy(), DOCUMENT_TIMEOUT_MS)
  // A body that was refused unread has no end: nobody waits for it when the server stops.
  timer.unref()
  const clear = (): void => {
    clearTimeout(timer)
  }
  incoming.once('end', clear)
  incoming.once('close', clear)
}

/** What the line of a request learns while it is answered. */
type Entry = { readonly id: string; readonly remote: string; bytes?: number }

const observe = (
  request: IncomingMessage,
  response: ServerResponse,
  entry: Entry,
  log: Log,
): void => {
  const started = performance.now()
  const { method = '', url = '', socket, headers } = request
  const before = socket.bytesWritten
  response.once('close', () => {
    const query = url.indexOf('?')
    log.request({
      id: entry.id,
      method,
      // A query may hold what a client should not have put there.
      path: query < 0 ? url : url.slice(0, query),
      status: response.statusCode,
      bytes: entry.bytes ?? socket.bytesWritten - before,
      ms: Math.round((performance.now() - started) * 1000) / 1000,
      remote: entry.remote,
      agent: headers['user-agent'] ?? '',
      ...(response.writableFinished ? {} : { aborted: true }),
    })
  })
}
