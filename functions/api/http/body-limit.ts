import type { MiddlewareHandler } from 'hono'
import { factory, type ApiEnv } from '../factory.ts'
import { ApiError } from './errors.ts'

const NUMBER = /^[0-9]{1,15}$/

/**
 * Refuses bodies above a limit: by their length when they tell it, else as soon as too much has come. Not
 * `hono/body-limit`: that one makes a request out of the platform's, which fails for what `@hono/node-server` gives.
 */
export const limitBody = (maxBytes: number): MiddlewareHandler<ApiEnv> =>
  factory.createMiddleware(async (c, next) => {
    const { raw, url } = c.req
    // A server holds a body to the length that it tells (RFC 9112 section 6.3), unless it comes in chunks.
    const given = c.req.header('Transfer-Encoding') ? undefined : c.req.header('Content-Length')
    if (given !== undefined && NUMBER.test(given)) {
      if (Number(given) > maxBytes) throw tooLarge(maxBytes)
    } else if (raw.body !== null) {
      const body = await readAtMost(raw.body, maxBytes)
      const { method, headers } = raw
      c.req.raw = new Request(url, { method, headers, body: body.byteLength === 0 ? null : body })
    }
    await next()
  })

const readAtMost = async (
  pieces: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> => {
  const chunks: Uint8Array[] = []
  let received = 0
  for await (const piece of pieces) {
    received += piece.byteLength
    if (received > maxBytes) throw tooLarge(maxBytes)
    chunks.push(piece)
  }
  return Buffer.concat(chunks)
}

const tooLarge = (maxBytes: number): ApiError =>
  new ApiError('REQUEST_ENTITY_TOO_LARGE', `a body has at most ${maxBytes} bytes`)
