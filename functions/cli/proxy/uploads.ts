import type { IncomingMessage, ServerResponse } from 'node:http'
import { parseChunkRange } from '../../../shared/oci/range.ts'
import { MAX_PUT_BYTES } from '../../../shared/ports.ts'
import type { Limiter } from '../../../shared/limiter.ts'
import { standing } from '../direct/protocol.ts'
import { uploadBlob } from '../direct/upload-blob.ts'
import { readFileRange } from '../images/source.ts'
import type { Remote } from '../remote/registry.ts'
import { send } from '../remote/send.ts'
import { ProxyError, uploadUnknown } from './answers.ts'
import { append, type createSessions, type Session } from './session.ts'

export type Upload = {
  readonly remote: Remote
  readonly limiter: Limiter
  readonly sessions: ReturnType<typeof createSessions>
  readonly name: string
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
  /** Told of what has reached the store. */
  readonly onPushed: (digest: string, sizeBytes: number) => void
}

const rangeOf = ({ sizeBytes }: Session): string => `0-${Math.max(0, sizeBytes - 1)}`

const standingHeaders = (session: Session): Record<string, string> => ({
  location: `/v2/${session.name}/blobs/uploads/${session.id}`,
  range: rangeOf(session),
  'docker-upload-uuid': session.id,
  'content-length': '0',
})

/** POST: begins an upload. */
export const begin = async ({ name, response, sessions }: Upload): Promise<void> => {
  const session = await sessions.begin(name)
  response.writeHead(202, standingHeaders(session)).end()
}

/** GET, PATCH, PUT and DELETE of an upload. */
export const goOn = async (upload: Upload, id: string, query: URLSearchParams): Promise<void> => {
  const { incoming, name, response, sessions } = upload
  const session = sessions.find(id, name)
  if (session === undefined) throw uploadUnknown()
  if (session.isBusy) throw outOfOrder(session)
  session.isBusy = true
  try {
    switch (incoming.method) {
      case 'GET':
      case 'HEAD':
        response.writeHead(204, standingHeaders(session)).end()
        return
      case 'DELETE':
        await sessions.end(session)
        response.writeHead(204).end()
        return
      case 'PATCH':
        assertContinues(session, incoming)
        await append(session, incoming)
        response.writeHead(202, standingHeaders(session)).end()
        return
      case 'PUT':
        await finish(upload, session, query.get('digest') ?? '')
        return
      case undefined:
      default:
        throw new ProxyError(405, 'UNSUPPORTED', 'an upload knows no such method')
    }
  } finally {
    session.isBusy = false
  }
}

const outOfOrder = (session: Session): ProxyError =>
  new ProxyError(
    416,
    'BLOB_UPLOAD_INVALID',
    `the upload stands at ${session.sizeBytes} bytes; continue from there`,
    standingHeaders(session),
  )

const assertContinues = (session: Session, { headers }: IncomingMessage): void => {
  const range = headers['content-range']
  if (range === undefined) return
  if (parseChunkRange(range).start !== session.sizeBytes) throw outOfOrder(session)
}

/** PUT: with all bytes, with the last ones, or with none; answers when the blob is in the repository. */
export const finish = async (upload: Upload, session: Session, digest: string): Promise<void> => {
  const { incoming, limiter, name, onPushed, remote, response, sessions } = upload
  const length = Number(incoming.headers['content-length'] ?? 0)
  const isWhole = session.sizeBytes === 0 && length > 0 && length <= MAX_PUT_BYTES
  if (isWhole && digest.startsWith('sha256:')) {
    await passThrough(upload, digest, length)
    onPushed(digest, length)
  } else {
    assertContinues(session, incoming)
    await append(session, incoming)
    const computed = `sha256:${session.hash.copy().digest('hex')}`
    if (digest.startsWith('sha256:') && digest !== computed) throw otherBytes()
    const { file, sizeBytes } = session
    await uploadBlob({
      ...{ remote, limiter, name },
      watch: { sent: () => undefined, verified: () => undefined },
      blob: { digest, sizeBytes, open: (start, end) => readFileRange(file, start, end) },
    })
    onPushed(digest, sizeBytes)
  }
  await sessions.end(session)
  response
    .writeHead(201, {
      location: `/v2/${name}/blobs/${digest}`,
      'docker-content-digest': digest,
      'content-length': '0',
    })
    .end()
}

const otherBytes = (): ProxyError =>
  new ProxyError(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content')

/**
 * Hands the body on to the store as it comes: a client that sends a blob whole waits seconds for the answer, not as long
 * as another transfer would take.
 */
const passThrough = async (
  { incoming, limiter, name, remote }: Upload,
  digest: string,
  sizeBytes: number,
): Promise<void> => {
  const begun = await remote.ask('POST', `/v2/${name}/_direct`, {
    body: JSON.stringify({ digest, size: sizeBytes, way: 'single' }),
    contentType: 'application/json',
  })
  const { put, state, upload = '' } = standing.parse(await begun.json())
  if (state === 'open' && put !== undefined) {
    const { signal } = remote
    const { headers, url } = put
    const status = await limiter(
      async () =>
        await send({
          ...{ method: 'PUT', headers, signal, body: incoming },
          url: new URL(url, remote.url),
          onBytes: () => undefined,
        }),
    )
    if (status === 400) throw otherBytes()
    if (status >= 300 && status !== 412) {
      throw new ProxyError(503, 'TOOMANYREQUESTS', `the store answered ${status}; send it again`)
    }
  } else {
    for await (const _piece of incoming);
  }
  if (state === 'present') return
  while ((await remote.ask('POST', `/v2/${name}/_direct/${upload}/finish`)).status !== 201);
}
