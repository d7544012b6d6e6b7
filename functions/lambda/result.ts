import { RegistryError } from '../../shared/oci/errors.ts'
import { CHALLENGE, MAX_BODY_BYTES } from './limits.ts'

/** What an HTTP API of API Gateway makes an answer of. */
export type HttpResult = {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly cookies: readonly string[]
  readonly body: string
  readonly isBase64Encoded: boolean
}

/**
 * An answer as a function gives it. Every body goes as base64: a manifest's bytes are its digest, whatever its media type
 * says of text.
 * @throws RegistryError UNSUPPORTED (501) when it is larger than a function can answer, as soon as that is known
 */
export const resultOf = async (response: Response): Promise<HttpResult> => {
  const body = await readAnswer(response)
  const headers = new Headers(response.headers)
  const cookies = headers.getSetCookie()
  headers.delete('Set-Cookie')
  const challenge = headers.get('WWW-Authenticate')
  if (challenge !== null) headers.set(CHALLENGE, challenge)
  return {
    statusCode: response.status,
    headers: Object.fromEntries(headers),
    cookies,
    body: body.toString('base64'),
    isBase64Encoded: true,
  }
}

const readAnswer = async (response: Response): Promise<Buffer> => {
  const body: AsyncIterable<Uint8Array> | null = response.body
  if (body === null) return Buffer.alloc(0)
  const pieces: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop cancels the stream, so that nobody goes on making what nobody gets.
  for await (const piece of body) {
    bytes += piece.byteLength
    if (bytes > MAX_BODY_BYTES) throw tooLarge()
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

const tooLarge = (): RegistryError =>
  new RegistryError('UNSUPPORTED', {
    status: 501,
    message: `the answer has more than the ${MAX_BODY_BYTES} bytes that this registry can answer at once; ask for it in pages`,
    detail: { maxBytes: MAX_BODY_BYTES },
  })
