import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Answer } from '../registry/http/answer.ts'

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
  } else if (typeof body === 'string' || body instanceof Uint8Array) {
    response.end(body)
  } else {
    await pipeline(body instanceof Readable ? body : Readable.from(body), response)
  }
}
