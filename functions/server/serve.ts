import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { OptionsError, type ServerOptions } from './options.ts'

/** The head of a request has to be there by then. */
const HEADERS_TIMEOUT_MS = 15_000
/** An idle connection is kept this long, above what load balancers do, so that they close first. */
const KEEP_ALIVE_MS = 75_000
const CONNECTIONS_CHECK_MS = 5_000

const LIMITS = {
  headersTimeout: HEADERS_TIMEOUT_MS,
  // Off: a large blob takes as long as it takes. `timedBody` ends those that do not move.
  requestTimeout: 0,
  connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
  // What clients send chunk by chunk is already large; waiting for more only adds delay.
  noDelay: true,
}

export type ServeOptions = Pick<ServerOptions, 'tls'> & {
  /** How long an idle connection is kept, where a load balancer keeps it longer than most do. */
  readonly keepAliveMs?: number
}

/** @throws OptionsError when the certificate or the key cannot be read */
export const createServer = (
  { keepAliveMs = KEEP_ALIVE_MS, tls }: ServeOptions,
  listener: RequestListener,
): Server => {
  const limits = { ...LIMITS, keepAliveTimeout: keepAliveMs }
  if (tls === undefined) return createHttpServer(limits, listener)
  try {
    const files = { cert: readFileSync(tls.cert), key: readFileSync(tls.key) }
    return createHttpsServer({ ...limits, ...files }, listener)
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unreadable'
    throw new OptionsError(`tls: cannot use the certificate and key: ${reason}`, { cause: error })
  }
}

/**
 * Begins to listen; answers the URL that clients reach it by.
 * @throws OptionsError when the address is taken or not ours
 */
export const listen = async (
  server: Server,
  options: Pick<ServerOptions, 'host' | 'port' | 'tls'>,
): Promise<string> => {
  const { host, port, tls } = options
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new OptionsError(sentence(error, host, port), { cause: error }))
    })
    server.listen({ host, port }, resolve)
  })
  const address = server.address() as AddressInfo
  const shown = host.includes(':') ? `[${host}]` : host
  return `${tls === undefined ? 'http' : 'https'}://${shown}:${address.port}`
}

const sentence = ({ code, message }: NodeJS.ErrnoException, host: string, port: number): string => {
  if (code === 'EADDRINUSE') {
    return `listen: ${host}:${port} is in use; stop the other server or choose a port with --listen`
  }
  if (code === 'EACCES')
    return `listen: no permission for ${host}:${port}; choose a port above 1023`
  return `listen: cannot serve on ${host}:${port}: ${message}`
}
