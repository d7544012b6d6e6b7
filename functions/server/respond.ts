import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Answer } from '../registry/http/answer.ts'

/** Up to here one write of head and body together costs less than the copy that it takes. */
const MAX_JOINED_BYTES = 16 * 1024

/** Node joins a head with a body that is text, never with bytes; as Latin-1 text every byte is a character. */
const endWith = (response: ServerResponse, body: Uint8Array): void => {
  if (body.byteLength > MAX_JOINED_BYTES) response.end(body)
  else
    response.end(
      Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1'),
      'latin1',
    )
}

/**
 * Writes an answer to the socket; resolves when the last byte is handed over. A client that goes away ends the reading
 * of a streamed body.
 */
export const respond = async (
  response: ServerResponse,
  { status, headers, body }: Answer,
  isHead: boolean,
): Promise<void> => {
  response.writeHead(status, headers)
  if (isHead || body === undefined) {
    response.end()
  } else if (typeof body === 'string') {
    response.end(body)
  } else if (body instanceof Uint8Array) {
    endWith(response, body)
  } else {
    await pipeline(body instanceof Readable ? body : Readable.from(body), response)
  }
}
