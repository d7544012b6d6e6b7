import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

/** RFC 9110 section 7.6.1: of one connection, never passed on. */
const HOP_BY_HOP = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade'],
  ...['transfer-encoding', 'proxy-authenticate', 'proxy-authorization', 'host', 'expect'],
])

export type Forwarded = {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readable | Buffer | undefined
}

/** The headers of a request that are for whoever answers it. */
export const endToEnd = (headers: IncomingMessage['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || HOP_BY_HOP.has(name)
        ? []
        : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )

/** Passes a request on to the registry; answers as soon as the head of its answer is there. */
export const passOn = async (
  registry: URL,
  { body, headers, method, path }: Forwarded,
): Promise<IncomingMessage> => {
  const url = new URL(path, registry)
  const isTls = registry.protocol === 'https:'
  return await new Promise((resolve, reject) => {
    const sent = (isTls ? httpsRequest : httpRequest)(url, { method, headers }, resolve)
    sent.once('error', reject)
    if (body === undefined) sent.end()
    else if (body instanceof Readable) pipeline(body, sent).catch(reject)
    else sent.end(body)
  })
}

/** Passes an answer back, with what it says of the registry's own URLs changed to ours. */
export const passBack = async (
  registry: URL,
  proxy: string,
  answer: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  response.writeHead(answer.statusCode ?? 502, rewritten(registry, proxy, answer.headers))
  await pipeline(answer, response)
}

/** As `passBack`, for an answer that is a document and is looked at on the way. */
export const passBackWhole = async (
  registry: URL,
  proxy: string,
  answer: IncomingMessage,
  response: ServerResponse,
): Promise<string> => {
  const body = await buffer(answer)
  response.writeHead(answer.statusCode ?? 502, rewritten(registry, proxy, answer.headers))
  response.end(body)
  return body.toString('utf8')
}

const rewritten = (
  registry: URL,
  proxy: string,
  headers: IncomingMessage['headers'],
): Record<string, string> => {
  const passed = endToEnd(headers)
  const challenge = passed['www-authenticate']
  if (challenge !== undefined) passed['www-authenticate'] = ownRealm(registry, proxy, challenge)
  const location = passed['location']
  if (location?.startsWith(`${registry.origin}/`) === true) {
    passed['location'] = location.slice(registry.origin.length)
  }
  return passed
}

/** The registry's token service is reached through the proxy, too; another one's is not. */
export const ownRealm = (registry: URL, proxy: string, challenge: string): string =>
  challenge.replace(`realm="${registry.origin}/`, `realm="${proxy}/`)
