import { errorBody, type RegistryError } from '../../../shared/oci/errors.ts'

/**
 * An answer as plain data. The reads that clients make thousands of times a second are answered this way, so that the
 * server can write them to the socket without a web Response in between; everywhere else `toResponse` makes one.
 */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array> | undefined
}

export const toResponse = ({ status, headers, body }: Answer): Response =>
  new Response(toBody(body), { status, headers })

const toBody = (body: Answer['body']): ConstructorParameters<typeof Response>[0] => {
  if (body === undefined) return null
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return Buffer.from(body)
  return ReadableStream.from(body)
}

/** The answer to a failed request; HEAD has no body but says the same by status. */
export const errorAnswer = (error: RegistryError): Answer => ({
  status: error.status,
  headers: { 'Content-Type': 'application/json', ...error.headers },
  body: errorBody(error),
})
