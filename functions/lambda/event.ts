import { RegistryError } from '../../shared/oci/errors.ts'
import { MAX_BODY_BYTES, REQUEST_LIMIT } from './limits.ts'

/** A request as an HTTP API of API Gateway hands it over: payload format 2.0, of which this is what we read. */
export type HttpEvent = {
  /** The path, its percent signs already resolved. */
  readonly rawPath: string
  /** The query as it came. */
  readonly rawQueryString: string
  /** Names in lower case; several values of one name are joined by commas. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly cookies?: readonly string[]
  readonly body?: string | null
  readonly isBase64Encoded: boolean
  readonly requestContext: {
    readonly domainName: string
    readonly http: { readonly method: string; readonly sourceIp: string }
  }
}

export type Received = { readonly request: Request; readonly body: Uint8Array<ArrayBuffer> }

/**
 * The request that an event tells of.
 * @throws RegistryError UNSUPPORTED (400) for what is no request; SIZE_INVALID (413)
 */
export const requestOf = (event: HttpEvent, { hint } = REQUEST_LIMIT): Received => {
  const { method } = event.requestContext.http
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const body = hasBody ? bodyOf(event) : Buffer.alloc(0)
  if (body.byteLength > MAX_BODY_BYTES) throw tooLarge(body.byteLength, hint)
  const headers = headersOf(event)
  // The body is whole by now, however it was sent.
  headers.delete('Transfer-Encoding')
  if (hasBody) headers.set('Content-Length', String(body.byteLength))
  try {
    const init = { method, headers, ...(body.byteLength > 0 ? { body } : {}) }
    return { request: new Request(urlOf(event), init), body }
  } catch (error) {
    if (error instanceof TypeError) throw malformed('the request cannot be read', error)
    throw error
  }
}

const urlOf = ({ rawPath, rawQueryString, requestContext }: HttpEvent): string => {
  const query = rawQueryString === '' ? '' : `?${rawQueryString}`
  return `https://${requestContext.domainName}${encodePath(rawPath)}${query}`
}

/**
 * Gateways differ in whether they resolve percent signs; the characters that an encoded path cannot hold are encoded
 * again, so that a "?" of a name does not begin a query.
 */
const encodePath = (path: string): string =>
  path
    .replace(/%(?![0-9A-Fa-f]{2})/g, '%25')
    .replace(/[^\x21-\x7e]+|[?#\\]/gu, (text) =>
      text === '?' || text === '#' || text === '\\'
        ? `%${text.charCodeAt(0).toString(16).toUpperCase()}`
        : encodeURIComponent(text.toWellFormed()),
    )

const headersOf = ({ cookies = [], headers: given }: HttpEvent): Headers => {
  const headers = new Headers()
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    try {
      headers.set(name, asBytes(value))
    } catch (error) {
      throw malformed('a header cannot be read', error)
    }
  }
  if (cookies.length > 0) headers.set('Cookie', cookies.map(asBytes).join('; '))
  return headers
}

/** As a server without a gateway sees it: a character of a header is a byte. */
const asBytes = (value: string): string =>
  /^[\0-\xff]*$/.test(value) ? value : Buffer.from(value, 'utf8').toString('latin1')

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** By `Buffer`: the loop of `hono/aws-lambda` takes half a second for what takes a millisecond here. */
const bodyOf = ({ body, isBase64Encoded }: HttpEvent): Buffer<ArrayBuffer> => {
  if (body === undefined || body === null) return Buffer.alloc(0)
  if (!isBase64Encoded) return Buffer.from(body, 'utf8')
  if (body.length % 4 !== 0 || !BASE64.test(body)) throw malformed('the body is not base64')
  return Buffer.from(body, 'base64')
}

const malformed = (message: string, cause?: unknown): RegistryError =>
  new RegistryError('UNSUPPORTED', { status: 400, message, cause })

const tooLarge = (bytes: number, hint: string): RegistryError =>
  new RegistryError('SIZE_INVALID', {
    status: 413,
    message: `a body of ${bytes} bytes is too large: ${hint}`,
    detail: { maxBytes: MAX_BODY_BYTES },
  })
