import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { HttpEvent } from '../../../functions/lambda/serve.ts'

/** What API Gateway does of its own accord to a request that it makes an event of. */
export type EventOptions = {
  /** Whether percent signs of the path are resolved, as HTTP APIs do; function URLs do not. */
  readonly decodesPath: boolean
}

/** Content types whose bodies come as text; all others, none at all included, come as base64. */
const TEXT = /^(?:text\/|application\/(?:json|xml|javascript)\b)/i

/**
 * A request as an HTTP API hands it to a function (payload format 2.0). Like the real one it loses the bytes of a text
 * body that is no UTF-8, and the part of a path behind a "?" that was encoded.
 */
export const eventOf = (
  incoming: IncomingMessage,
  body: Buffer,
  { decodesPath }: EventOptions,
): HttpEvent => {
  const { method = 'GET', url = '/' } = incoming
  const userAgent = incoming.headers['user-agent'] ?? ''
  const at = url.indexOf('?')
  const [path, query] = at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
  const rawPath = decodesPath ? (decodeURIComponent(path).split('?')[0] ?? '') : path
  const { cookie, 'transfer-encoding': _, connection: __, ...headers } = headersOf(incoming)
  const isText = TEXT.test(incoming.headers['content-type'] ?? '')
  const host = incoming.headers.host ?? ''
  const requestContext = {
    ...{ accountId: '123456789012', apiId: 'a0b1c2d3', authentication: null },
    ...{ domainName: host, domainPrefix: 'a0b1c2d3', routeKey: '$default', stage: '$default' },
    http: {
      ...{ method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.7', userAgent },
    },
    ...{ requestId: randomBytes(8).toString('hex'), time: new Date().toISOString() },
    timeEpoch: Date.now(),
  }
  const event = {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: query,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/; */) }),
    headers: {
      ...headers,
      'content-length': String(body.byteLength),
      'x-forwarded-for': '192.0.2.7',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    ...(query === '' ? {} : { queryStringParameters: parametersOf(query) }),
    requestContext,
    ...(body.byteLength === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.byteLength > 0 && !isText,
  }
  return event
}

/** Names in lower case, values of one name joined by commas. */
const headersOf = ({ rawHeaders }: IncomingMessage): Partial<Record<string, string>> => {
  const headers: Partial<Record<string, string>> = {}
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    const value = rawHeaders[index + 1] ?? ''
    const known = headers[name]
    headers[name] =
      known === undefined ? value : `${known}${name === 'cookie' ? '; ' : ','}${value}`
  }
  return headers
}

const parametersOf = (query: string): Readonly<Record<string, string>> => {
  const parameters: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(query)) {
    const known = parameters[name]
    parameters[name] = known === undefined ? value : `${known},${value}`
  }
  return parameters
}
