import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { parseDigest } from '../../shared/oci/digest.ts'
import { parseRepositoryName, type RepositoryName } from '../../shared/oci/name.ts'
import { parseReference } from '../../shared/oci/reference.ts'
import { doorOf } from '../registry/access.ts'
import { answerBlob } from '../registry/answers/blob.ts'
import { answerManifest } from '../registry/answers/manifest.ts'
import type { Deps } from '../registry/deps.ts'
import type { Answer } from '../registry/http/answer.ts'
import { permit } from '../registry/http/challenge.ts'
import { credentialsOf } from '../registry/http/credentials.ts'

const PULL = ['pull'] as const

/** Anything with a query or an escape takes the ordinary way. */
const READ = /^\/v2\/([^?%]+)\/(manifests|blobs)\/([^/?%]+)$/

/**
 * Answers the two reads that pulls are made of without a web Request and Response in between, which cost more than the
 * reads themselves. The answers are those of the routes: both call the same functions. `undefined`: another request.
 */
export const answerDirectly = (
  deps: Deps,
  request: IncomingMessage,
): Promise<Answer> | undefined => {
  const { method = '', url = '', headers } = request
  if (method !== 'GET' && method !== 'HEAD') return undefined
  const match = READ.exec(url)
  if (match === null) return undefined
  const [, path = '', kind, last = ''] = match
  const ifNoneMatch = headers['if-none-match']
  const answer = async (): Promise<Answer> => {
    const name = parseRepositoryName(path)
    await letThrough(deps, request, name)
    if (kind === 'manifests') {
      return await answerManifest(deps, name, parseReference(last), { method, ifNoneMatch })
    }
    const { range } = headers
    const given = headers['if-range']
    const ifRange = typeof given === 'string' ? given : undefined
    return await answerBlob(deps, name, parseDigest(last), { method, range, ifRange, ifNoneMatch })
  }
  return answer()
}

const letThrough = async (
  { gate, realm }: Deps,
  { headers, socket }: IncomingMessage,
  name: RepositoryName,
): Promise<void> => {
  const credentials = credentialsOf(headers.authorization, socket.remoteAddress ?? '')
  const door = doorOf(credentials.kind, realm ?? originOf(headers.host, socket))
  const visitor = await gate.visit(credentials)
  await permit(visitor, { kind: 'repository', name, actions: PULL }, door)
}

const HOST = /^[\w.:[\]-]+$/

const originOf = (host = '', socket: IncomingMessage['socket']): string =>
  `${socket instanceof TLSSocket ? 'https' : 'http'}://${HOST.test(host) ? host : 'localhost'}`
