import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'

const MB = 1024 * 1024
/** API Gateway, quotas of HTTP APIs: payload size. */
const MAX_REQUEST_BYTES = 10 * MB
/** Lambda, quotas: payload of a synchronous call, either way; the body is in it as base64. */
const MAX_PAYLOAD_BYTES = 6 * MB
/** API Gateway, quotas of HTTP APIs: timeout of an integration. */
const MAX_MS = 30_000

/** The body of a request that still fits into what Lambda takes; `undefined` when it does not. */
const readBody = async (incoming: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.byteLength
    if (bytes > MAX_REQUEST_BYTES || base64Bytes(bytes) > MAX_PAYLOAD_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const base64Bytes = (bytes: number): number => Math.ceil(bytes / 3) * 4

const refuse = (outgoing: ServerResponse, status: number, message: string): void => {
  outgoing.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  outgoing.end(JSON.stringify({ message }))
}

const forward = async (
  api: URL,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> => {
  const body = await readBody(incoming)
  if (body === undefined) {
    refuse(outgoing, 413, 'Request Entity Too Large')
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
      if (base64Bytes(Number(answer.headers['content-length'] ?? 0)) > MAX_PAYLOAD_BYTES) {
        answer.destroy()
        refuse(outgoing, 500, 'Internal Server Error')
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
    else refuse(outgoing, 503, 'Service Unavailable')
  })
  sent.end(body)
}

/**
 * Serves an emulated HTTP API at the root of a port, as API Gateway serves it at the root of a host, with the limits of
 * API Gateway and Lambda, of which the emulator knows none.
 */
export const startGateway = async (
  api: URL,
): Promise<{ readonly url: string; stop(): Promise<void> }> => {
  const server = createServer((incoming, outgoing) => {
    forward(api, incoming, outgoing).catch(() => {
      outgoing.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the gateway has no port')
  const stop = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return { url: `http://127.0.0.1:${address.port}`, stop }
}
