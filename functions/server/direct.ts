import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { parseDigest } from '../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { parseReference } from '../../shared/oci/reference.ts'
import { admit, toDo, type Arrival } from '../registry/access.ts'
import { answerBlob } from '../registry/answers/blob.ts'
import { answerManifest } from '../registry/answers/manifest.ts'
import type { Deps } from '../registry/deps.ts'
import type { Answer } from '../registry/http/answer.ts'

/** Anything with a query or an escape takes the ordinary way. */
const READ = /^\/v2\/([^?%]+)\/(manifests|blobs)\/([^/?%]+)$/

/**
 * Answers the two reads that pulls are made of without a web Request and Response in between, which cost more than the
 * reads themselves. The answers are those of the routes: both call the same functions. `undefined`: another request.
 */
export const answerDirectly = (
  deps: Deps,
  request: IncomingMessage,
  address: string,
): Promise<Answer> | undefined => {
  const { method = '', url = '', headers } = request
  if (method !== 'GET' && method !== 'HEAD') return undefined
  const match = READ.exec(url)
  if (match === null) return undefined
  const [, path = '', kind, last = ''] = match
  const ifNoneMatch = headers['if-none-match']
  const answer = async (): Promise<Answer> => {
    const name = parseRepositoryName(path)
    const arrival = arrivalOf(deps, request, address)
    const { visitor, deps: admitted } = await admit(deps, arrival, toDo('pull', name))
    if (kind === 'manifests') {
      const actor = { name: visitor.subject, address }
      return await answerManifest(admitted, name, parseReference(last), {
        method,
        ifNoneMatch,
        actor,
      })
    }
    const { range } = headers
    const given = headers['if-range']
    const ifRange = typeof given === 'string' ? given : undefined
    return await answerBlob(admitted, name, parseDigest(last), {
      method,
      range,
      ifRange,
      ifNoneMatch,
    })
  }
  return answer()
}

const arrivalOf = (
  { externalUrl }: Deps,
  { headers, socket }: IncomingMessage,
  address: string,
): Arrival => ({
  authorization: headers.authorization,
  address,
  origin: () => externalUrl ?? originOf(headers.host, socket),
})

const HOST = /^[\w.:[\]-]+$/

const originOf = (host = '', socket: IncomingMessage['socket']): string =>
  `${socket instanceof TLSSocket ? 'https' : 'http'}://${HOST.test(host) ? host : 'localhost'}`
