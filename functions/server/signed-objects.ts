import type { IncomingMessage } from 'node:http'
import { verifySignedRead } from '../../shared/embedded/signed-read.ts'
import { contentRange, lengthOf, parseRange } from '../../shared/oci/range.ts'
import type { RegistryContext } from '../../shared/registry/context.ts'
import type { Answer } from '../registry/http/answer.ts'

const FORBIDDEN: Answer = { status: 403, headers: { 'Content-Length': '0' } }
const NOT_FOUND: Answer = { status: 404, headers: { 'Content-Length': '0' } }

/**
 * Serves the objects that blob reads are redirected to, to whoever brings a valid signature, as S3 would: GET, whole or
 * one range. `undefined`: another request.
 */
export const answerSignedRead = (
  context: RegistryContext,
  secret: string,
  { method, url = '', headers }: IncomingMessage,
): Promise<Answer> | undefined =>
  url.startsWith('/objects/') && method === 'GET'
    ? serve(context, secret, new URL(url, 'http://localhost'), headers.range)
    : undefined

const serve = async (
  { store, objects }: RegistryContext,
  secret: string,
  url: URL,
  range: string | undefined,
): Promise<Answer> => {
  const allowed = verifySignedRead(url, secret, store.clock.now())
  if (allowed === undefined) return FORBIDDEN
  const found = await objects.head(allowed.key)
  if (found === undefined) return NOT_FOUND
  const { sizeBytes } = found
  const wanted = parseRange(range, sizeBytes)
  if (wanted.kind === 'unsatisfiable') {
    return { status: 416, headers: { 'Content-Range': `bytes */${sizeBytes}` } }
  }
  const one = wanted.kind === 'ranges' && wanted.ranges.length === 1 ? wanted.ranges[0] : undefined
  const object = await objects.get(allowed.key, one)
  if (object === undefined) return NOT_FOUND
  return {
    status: one === undefined ? 200 : 206,
    headers: {
      'Content-Type': allowed.contentType,
      'Content-Length': String(one === undefined ? sizeBytes : lengthOf(one)),
      'Accept-Ranges': 'bytes',
      ...(one === undefined ? {} : { 'Content-Range': contentRange(one, sizeBytes) }),
    },
    body: object.body,
  }
}
