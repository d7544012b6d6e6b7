import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Account } from '../client.ts'
import { createLimiter } from '../../../shared/limiter.ts'
import { createAuthorizer, type Authorizer } from '../remote/authorizer.ts'
import { createRemote } from '../remote/registry.ts'
import { answerError, ProxyError } from './answers.ts'
import { endToEnd, ownRealm, passBack, passBackWhole, passOn } from './forward.ts'
import { createSessions } from './session.ts'
import { createKnownTokens } from './tokens.ts'
import { begin, finish, goOn, type Upload } from './uploads.ts'

export type ProxyOptions = {
  /** Of the registry, without a path. */
  readonly registry: URL
  /** Where bytes wait for their digest. */
  readonly spool: string
  readonly jobs: number
  /** For requests that bring no credentials of their own. */
  readonly account: Account | undefined
  readonly signal: AbortSignal
  readonly onPushed: (name: string, digest: string, sizeBytes: number) => void
}

const UPLOADS = /^\/v2\/(.+)\/blobs\/uploads(?:\/([^/]*))?$/
const REPOSITORY = /^\/v2\/(.+)\/(?:blobs|manifests|tags|referrers|_direct)(?:\/|$)/
const TOKEN_PATH = '/service/token'
/** Of a request that may have to be made twice: a manifest, or the form of a token request. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024

/**
 * A registry for clients on this machine: blobs that they push go straight to the store, whatever their size; everything
 * else is asked of the registry itself.
 */
export const createProxy = (options: ProxyOptions): RequestListener => {
  const { account, onPushed, registry, signal, spool } = options
  const sessions = createSessions(spool)
  const limiter = createLimiter(options.jobs)
  const tokens = createKnownTokens(registry.origin)
  const own = new Map<string, Authorizer>()

  /** The account's credentials for a repository, each with a token of its own. */
  const ownFor = (name: string): Authorizer | undefined => {
    if (account === undefined) return undefined
    const known = own.get(name) ?? createAuthorizer(account)
    own.set(name, known)
    return known
  }

  const authorizerFor = (incoming: IncomingMessage, name: string): Authorizer => {
    const { authorization } = incoming.headers
    return (
      (authorization === undefined ? ownFor(name) : undefined) ?? tokens.passedOn(authorization)
    )
  }

  /** Whether a mount has made an upload unnecessary; the answer has been given then. */
  const mounted = async (upload: Upload, query: URLSearchParams): Promise<boolean> => {
    if (!query.has('mount')) return false
    const { incoming, name, remote, response } = upload
    const path = incoming.url ?? ''
    const answer = await remote.ask('POST', path, { expected: [404] })
    const location = answer.headers.get('Location')
    if (answer.status === 201) {
      response.writeHead(201, {
        location: `/v2/${name}/blobs/${query.get('mount') ?? ''}`,
        'docker-content-digest': query.get('mount') ?? '',
        'content-length': '0',
      })
      response.end()
      return true
    }
    // The upload that it began instead is of no use here.
    if (answer.status === 202 && location !== null) {
      await remote.ask('DELETE', location, { expected: [404] })
    }
    return false
  }

  const upload = async (
    incoming: IncomingMessage,
    response: ServerResponse,
    [, name = '', id]: RegExpExecArray,
  ): Promise<void> => {
    const query = new URL(incoming.url ?? '', registry).searchParams
    const context: Upload = {
      ...{ incoming, response, name, sessions, limiter },
      remote: createRemote(registry.origin, authorizerFor(incoming, name), signal),
      onPushed: (digest, sizeBytes) => {
        onPushed(name, digest, sizeBytes)
      },
    }
    if (id !== undefined && id !== '') {
      await goOn(context, id, query)
      return
    }
    if (incoming.method !== 'POST') throw new ProxyError(405, 'UNSUPPORTED', 'begin by POST')
    if (await mounted(context, query)) return
    // Whether this client may push here at all, and the registry takes direct uploads.
    await context.remote.ask('GET', `/v2/${name}/_direct`)
    const digest = query.get('digest')
    if (digest === null) await begin(context)
    else await finish(context, await sessions.begin(name), digest)
  }

  const forward = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/' } = incoming
    const proxy = `http://${incoming.headers.host ?? ''}`
    const headers = endToEnd(incoming.headers)
    const isToken = url.split('?', 1)[0] === TOKEN_PATH
    const mine =
      headers['authorization'] === undefined && !isToken
        ? ownFor(REPOSITORY.exec(url)?.[1] ?? '')
        : undefined
    const isKept = isToken || mine !== undefined
    const body = isKept ? await keep(incoming) : hasBody(incoming) ? incoming : undefined
    const authorization = mine?.header()
    const first = authorization === undefined ? headers : { ...headers, authorization }
    let answer = await passOn(registry, { method, path: url, headers: first, body })
    const challenge = answer.headers['www-authenticate']
    if (answer.statusCode === 401 && (await mine?.renew(challenge ?? null)) === true) {
      answer.resume()
      const second = { ...headers, authorization: mine?.header() ?? '' }
      answer = await passOn(registry, { method, path: url, headers: second, body })
    }
    if (!isToken) {
      await passBack(registry, proxy, answer, response)
      return
    }
    const text = await passBackWhole(registry, proxy, answer, response)
    const kept = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
    tokens.note(text, { method, path: url, headers, body: Buffer.from(kept) })
  }

  return (incoming, response) => {
    const match = UPLOADS.exec((incoming.url ?? '').split('?', 1)[0] ?? '')
    const answered =
      match === null ? forward(incoming, response) : upload(incoming, response, match)
    answered.catch((error: unknown) => {
      const proxy = `http://${incoming.headers.host ?? ''}`
      answerError(response, error, (challenge) => ownRealm(registry, proxy, challenge))
    })
  }
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

const keep = async (incoming: IncomingMessage): Promise<Buffer> => {
  if (Number(incoming.headers['content-length'] ?? 0) > MAX_KEPT_BYTES) {
    throw new ProxyError(413, 'SIZE_INVALID', `at most ${MAX_KEPT_BYTES} bytes can be passed on`)
  }
  return await buffer(incoming)
}
