import type { IncomingMessage } from 'node:http'
import type { Embedded } from '../../shared/embedded/open.ts'
import type { Batches } from '../../shared/registry/uploads/body.ts'
import type { Answer } from '../registry/http/answer.ts'

const STATUS = {
  stored: 200,
  wrongSize: 400,
  wrongBytes: 400,
  forbidden: 403,
  unknownUpload: 404,
  exists: 412,
} as const

/**
 * Takes objects and parts from whoever brings a URL that this server signed, as S3 would. `undefined`: another request.
 */
export const answerSignedWrite = (
  receive: Embedded['receive'],
  incoming: IncomingMessage,
  bodyOf: (incoming: IncomingMessage) => Batches,
): Promise<Answer> | undefined => {
  const { method, url = '', headers } = incoming
  if (method !== 'PUT' || !url.startsWith('/objects/')) return undefined
  const length = headers['content-length']
  const answer = async (): Promise<Answer> => {
    const received = await receive(
      new URL(url, 'http://localhost'),
      length === undefined ? undefined : Number(length),
      bodyOf(incoming),
    )
    const status = STATUS[received.outcome]
    return {
      status,
      headers: {
        'Content-Length': '0',
        ...(received.outcome === 'stored' ? { ETag: `"${received.etag}"` } : {}),
        // Whatever is left of the body is not read.
        ...(status === STATUS.stored ? {} : { Connection: 'close' }),
      },
    }
  }
  return answer()
}
