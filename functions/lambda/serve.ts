/**
 * Serves the apps to API Gateway. Not by `hono/aws-lambda`: for a manifest of 4 MiB it takes half a second to make base64
 * of it, it takes a resolved "#" of a path for the end of the path, and it calls wrong base64 an error of ours.
 */
import { RegistryError } from '../../shared/oci/errors.ts'
import type { Batches } from '../../shared/registry/uploads/body.ts'
import { errorAnswer, toResponse } from '../registry/http/answer.ts'
import { requestOf, type HttpEvent } from './event.ts'
import { REQUEST_LIMIT } from './limits.ts'
import { resultOf, type HttpResult } from './result.ts'

export type { HttpEvent, HttpResult }

/** What Lambda says of a call, of which this is what we read. */
export type CallContext = {
  readonly awsRequestId: string
  readonly getRemainingTimeInMillis: () => number
}

/** What an app is told beside the request. */
type Bindings = {
  readonly requestId: string
  readonly address: string
  readonly body: Batches
}

/** Either of the two apps. */
export type Served = {
  readonly fetch: (request: Request, env: Bindings) => Promise<Response> | Response
}

/** Time to get the answer out before Lambda ends the function in the middle of it. */
const MARGIN_MS = 1_000

/** What Lambda calls. */
export const serveEvents =
  (app: Served, limit = REQUEST_LIMIT) =>
  async (event: HttpEvent, context: CallContext): Promise<HttpResult> => {
    try {
      const { body, request } = requestOf(event, limit)
      const bindings = {
        requestId: context.awsRequestId,
        address: event.requestContext.http.sourceIp,
        body: inOneBatch(body),
      }
      const answer = async (): Promise<HttpResult> =>
        await resultOf(await app.fetch(request, bindings))
      return await inTime(context.getRemainingTimeInMillis() - MARGIN_MS, answer)
    } catch (error) {
      if (error instanceof RegistryError) return await resultOf(toResponse(errorAnswer(error)))
      throw error
    }
  }

// eslint-disable-next-line @typescript-eslint/require-await -- the apps read bodies that come bit by bit
const inOneBatch = async function* (body: Uint8Array): Batches {
  if (body.byteLength > 0) yield [body]
}

/** What is not done in time goes on when the function is called again, as after any pause, or never. */
const inTime = async <T>(milliseconds: number, work: () => Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(tookTooLong())
    }, milliseconds)
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}

const tookTooLong = (): RegistryError =>
  new RegistryError('TOOMANYREQUESTS', {
    status: 503,
    message: 'the registry did not get done in time; try again',
    headers: { 'Retry-After': '1' },
  })
