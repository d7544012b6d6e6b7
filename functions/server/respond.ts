import type { ServerResponse } from 'node:http'
import type { Answer } from '../registry/http/answer.ts'
import { free } from './free.ts'

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
    await stream(response, body)
  }
}

/** While one piece is on its way to the client the next one is read; each is freed as soon as it is gone. */
const stream = async (response: ServerResponse, body: AsyncIterable<Uint8Array>): Promise<void> => {
  let fail: ((error: Error) => void) | undefined
  response.once('close', () => fail?.(new Error('the client went away')))
  let last = Promise.resolve()
  for await (const piece of body) {
    await last
    last = new Promise((resolve, reject) => {
      fail = reject
      response.write(piece, (error) => {
        if (error) {
          reject(error)
          return
        }
        free(piece)
        resolve()
      })
    })
    // Awaited in the next round; until then a failure must not count as unhandled.
    last.catch(() => undefined)
  }
  await last
  response.end()
}
