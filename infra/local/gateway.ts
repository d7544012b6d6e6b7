import { request, type IncomingMessage, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import {
  listen,
  MAX_MS,
  MAX_PAYLOAD_BYTES,
  readWithinLimits,
  refuseBroken,
  refuseLate,
  refuseTooLarge,
  type Gateway,
} from './limits.ts'

const base64Bytes = (bytes: number): number => Math.ceil(bytes / 3) * 4

const forward = async (
  api: URL,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> => {
  const body = await readWithinLimits(incoming, outgoing)
  if (body === undefined) return
  if (base64Bytes(body.byteLength) > MAX_PAYLOAD_BYTES) {
    refuseTooLarge(outgoing)
    return
  }
  const { 'transfer-encoding': _, ...headers } = incoming.headers
  const sent = request(
    {
      hostname: api.hostname,
      port: api.port,
      path: `${api.pathname}${incoming.url ?? ''}`,
      method: incoming.method,
      headers: { ...headers, 'content-length': body.byteLength },
      timeout: MAX_MS,
      agent: false,
    },
    (answer) => {
      // Of HEAD it is the length of what GET would lead to.
      const length = incoming.method === 'HEAD' ? 0 : Number(answer.headers['content-length'] ?? 0)
      if (base64Bytes(length) > MAX_PAYLOAD_BYTES) {
        answer.destroy()
        refuseBroken(outgoing)
        return
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      pipeline(answer, outgoing).catch(() => {
        outgoing.destroy()
      })
    },
  )
  sent.once('timeout', () => sent.destroy(new Error('timeout')))
  sent.once('error', () => {
    if (outgoing.headersSent) outgoing.destroy()
    else refuseLate(outgoing)
  })
  sent.end(body)
}

/**
 * Serves an emulated HTTP API at the root of a port, as API Gateway serves it at the root of a host, with the limits of
 * API Gateway and Lambda, of which the emulator knows none.
 */
export const startGateway = async (api: URL, port?: number): Promise<Gateway> =>
  await listen(
    () => (incoming, outgoing) => {
      forward(api, incoming, outgoing).catch(() => {
        outgoing.destroy()
      })
    },
    port,
  )
