import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CallContext, HttpEvent, HttpResult } from '../../../functions/lambda/serve.ts'
import { eventOf, type EventOptions } from './event.ts'
import {
  listen,
  MAX_MS,
  MAX_PAYLOAD_BYTES,
  readWithinLimits,
  refuseBroken,
  refuseLate,
  refuseTooLarge,
  type Gateway,
} from '../../../infra/local/limits.ts'

export type EventHandler = (event: HttpEvent, context: CallContext) => Promise<HttpResult>

export type InvokerOptions = Partial<EventOptions> & {
  /** Milliseconds after which an HTTP API gives up; the function ends one second before. */
  readonly timeoutMs?: number
  /** Told of every answer that a function gave. */
  readonly seen?: (incoming: IncomingMessage, result: HttpResult) => void
}

/**
 * An HTTP API of API Gateway with functions behind it: real requests become events of payload format 2.0, what the
 * function of a path answers becomes the answer, and the limits of both services hold.
 */
export const startInvoker = async (
  functionsOf: (url: string) => (path: string) => EventHandler,
  options: InvokerOptions = {},
): Promise<Gateway> =>
  await listen((url) => {
    const functionOf = functionsOf(url)
    return (incoming, outgoing) => {
      invoke(functionOf(incoming.url ?? '/'), incoming, outgoing, options).catch(() => {
        if (outgoing.headersSent) outgoing.destroy()
        else refuseBroken(outgoing)
      })
    }
  })

const invoke = async (
  handler: EventHandler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { decodesPath = true, seen, timeoutMs = MAX_MS }: InvokerOptions,
): Promise<void> => {
  const body = await readWithinLimits(incoming, outgoing)
  if (body === undefined) return
  const payload = JSON.stringify(eventOf(incoming, body, { decodesPath }))
  if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) {
    refuseTooLarge(outgoing)
    return
  }
  const end = Date.now() + timeoutMs - 1_000
  const context = {
    awsRequestId: randomUUID(),
    getRemainingTimeInMillis: () => end - Date.now(),
  }
  const late = new AbortController()
  const answer = await Promise.race([
    handler(JSON.parse(payload) as HttpEvent, context).then((result) => JSON.stringify(result)),
    sleep(timeoutMs, 'late' as const, { signal: late.signal, ref: false }),
  ])
  late.abort()
  if (answer === 'late') {
    refuseLate(outgoing)
  } else if (Buffer.byteLength(answer) > MAX_PAYLOAD_BYTES) {
    refuseBroken(outgoing)
  } else {
    const result = JSON.parse(answer) as HttpResult
    seen?.(incoming, result)
    send(incoming, outgoing, result)
  }
}

const send = (
  { method }: IncomingMessage,
  outgoing: ServerResponse,
  { body, cookies, headers, isBase64Encoded, statusCode }: HttpResult,
): void => {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
  outgoing.writeHead(statusCode, {
    'content-type': 'text/plain; charset=utf-8',
    ...headers,
    // Of HEAD it is what the function says: there are no bytes to count.
    ...(method === 'HEAD' || statusCode === 204 || statusCode === 304
      ? {}
      : { 'content-length': String(bytes.byteLength) }),
    ...(cookies.length > 0 ? { 'set-cookie': [...cookies] } : {}),
  })
  outgoing.end(method === 'HEAD' ? undefined : bytes)
}
