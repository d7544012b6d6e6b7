/** The limits of API Gateway's HTTP APIs and of Lambda, of which no emulator knows any. */
import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'

const MB = 1024 * 1024
/** API Gateway, quotas of HTTP APIs: payload size. */
const MAX_REQUEST_BYTES = 10 * MB
/** API Gateway, quotas of HTTP APIs: request line and header values together. */
const MAX_HEAD_BYTES = 10_240
/** Lambda, quotas: payload of a synchronous call, either way; the body is in it as base64. */
export const MAX_PAYLOAD_BYTES = 6 * MB
/** API Gateway, quotas of HTTP APIs: timeout of an integration. */
export const MAX_MS = 30_000

/** Answers as API Gateway does when it does not ask the function. */
export const refuse = (outgoing: ServerResponse, status: number, message: string): void => {
  outgoing.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  outgoing.end(JSON.stringify({ message }))
}

export const refuseTooLarge = (outgoing: ServerResponse): void => {
  refuse(outgoing, 413, 'Request Entity Too Large')
}

/** What an integration that failed or answered too much looks like from outside. */
export const refuseBroken = (outgoing: ServerResponse): void => {
  refuse(outgoing, 500, 'Internal Server Error')
}

/** What an integration that does not answer in time looks like from outside. */
export const refuseLate = (outgoing: ServerResponse): void => {
  refuse(outgoing, 503, 'Service Unavailable')
}

/** The body of a request, whole; `undefined`: it was refused. */
export const readWithinLimits = async (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<Buffer | undefined> => {
  if (headBytes(incoming) > MAX_HEAD_BYTES) {
    refuse(outgoing, 431, 'Request Header Fields Too Large')
    return undefined
  }
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.byteLength
    if (bytes <= MAX_REQUEST_BYTES) chunks.push(chunk)
  }
  if (bytes <= MAX_REQUEST_BYTES) return Buffer.concat(chunks)
  // Not earlier: whoever is still sending when the connection ends may never read why.
  refuseTooLarge(outgoing)
  return undefined
}

const headBytes = ({ method = '', rawHeaders, url = '' }: IncomingMessage): number => {
  const values = rawHeaders.filter((_, index) => index % 2 === 1)
  return [`${method} ${url} HTTP/1.1`, ...values].reduce((sum, text) => sum + text.length, 0)
}

export type Gateway = { readonly url: string; readonly stop: () => Promise<void> }

/** Listens on a port, by default a free one; the listener is made when the URL is known. */
export const listen = async (
  listenerOf: (url: string) => RequestListener,
  port = 0,
): Promise<Gateway> => {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the gateway has no port')
  const url = `http://127.0.0.1:${address.port}`
  server.on('request', listenerOf(url))
  const stop = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return { url, stop }
}
