import type { ServerResponse } from 'node:http'
import { CliError } from '../client.ts'
import { RefusedError } from '../remote/registry.ts'
import { Temporary } from '../remote/backoff.ts'

/** What a client of the proxy is told that the registry was not asked about. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError'
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

export const uploadUnknown = (): ProxyError =>
  new ProxyError(404, 'BLOB_UPLOAD_UNKNOWN', 'the proxy knows no such upload; begin a new one')

/** Answers a failure in the shape of the distribution specification; a refusal of the registry as it was made. */
export const answerError = (
  response: ServerResponse,
  error: unknown,
  ownRealm: (challenge: string) => string,
): void => {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const json = { 'content-type': 'application/json' }
  if (error instanceof RefusedError) {
    const { body, challenge, status } = error
    const headers = challenge === null ? {} : { 'www-authenticate': ownRealm(challenge) }
    response.writeHead(status, { ...json, ...headers, connection: 'close' }).end(body)
    return
  }
  const { code, headers, message, status } = asProxyError(error)
  response
    .writeHead(status, { ...json, ...headers, connection: 'close' })
    .end(JSON.stringify({ errors: [{ code, message }] }))
}

const asProxyError = (error: unknown): ProxyError => {
  if (error instanceof ProxyError) return error
  const isKnown = error instanceof CliError || error instanceof Temporary
  const message = isKnown ? error.message : 'the proxy could not reach the registry or the store'
  // What clients take for a reason to try again.
  return new ProxyError(503, 'TOOMANYREQUESTS', message, { 'retry-after': '1' })
}
