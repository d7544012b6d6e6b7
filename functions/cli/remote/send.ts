import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Temporary } from './backoff.ts'

/** A connection over which nothing goes for so long is given up. */
const SILENCE_MS = 60_000
/** The answer to a body that is there may take longer: the store has to flush it. */
const ANSWER_MS = 10 * 60_000

const AGENTS = {
  'http:': new HttpAgent({ keepAlive: true }),
  'https:': new HttpsAgent({ keepAlive: true }),
}

export type Sending = {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readable
  readonly signal: AbortSignal
  /** Told of every piece that was handed over. */
  readonly onBytes: (bytes: number) => void
}

/**
 * Sends a body as it is read, holding no more of it than a few pieces; answers the status. An answer that comes before
 * the end of the body ends the sending.
 * @throws Temporary when the connection breaks or falls silent
 */
export const send = async (sending: Sending): Promise<number> => {
  const { body, headers, method, onBytes, signal, url } = sending
  if (signal.aborted) {
    body.destroy()
    throw signal.reason
  }
  const isTls = url.protocol === 'https:'
  const request = (isTls ? httpsRequest : httpRequest)(url, {
    ...{ method, headers, signal },
    agent: AGENTS[isTls ? 'https:' : 'http:'],
  })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    request.once('error', reject)
  })
  // Awaited below; a failure of the body comes first.
  answered.catch(() => undefined)
  request.setTimeout(SILENCE_MS, () => request.destroy(new Error('nothing moves any more')))
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      const bytes: unknown = piece
      if (!(bytes instanceof Uint8Array)) throw new Error('the source is no stream of bytes')
      yield bytes
      onBytes(bytes.byteLength)
    }
    request.setTimeout(ANSWER_MS)
  }
  const sent = pipeline(counted, request)
  // Whoever is answered, or told of a failure, before the end of the body waits for it no longer.
  sent.catch(() => undefined)
  try {
    const answer = await Promise.race([answered, sent.then(async () => await answered)])
    // Whatever of the body is left nobody wants.
    const status = answer.statusCode ?? 0
    answer.resume()
    if (!request.writableFinished) request.destroy()
    return status
  } catch (error) {
    request.destroy()
    signal.throwIfAborted()
    if (isLocal(error)) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new Temporary(`the connection to ${url.host} broke: ${why}`, { cause: error })
  } finally {
    body.destroy()
  }
}

/** Of a file, not of the network. */
const isLocal = (error: unknown): boolean =>
  error instanceof Error &&
  'syscall' in error &&
  (error.syscall === 'open' || error.syscall === 'read') &&
  'path' in error
