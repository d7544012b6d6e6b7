/** The error codes of the distribution specification, "Error Codes": code-1 to code-14, with the usual status. */
export const ERRORS = {
  BLOB_UNKNOWN: { status: 404, message: 'blob unknown to registry' },
  BLOB_UPLOAD_INVALID: { status: 400, message: 'blob upload invalid' },
  BLOB_UPLOAD_UNKNOWN: { status: 404, message: 'blob upload unknown to registry' },
  DIGEST_INVALID: { status: 400, message: 'provided digest did not match uploaded content' },
  MANIFEST_BLOB_UNKNOWN: {
    status: 404,
    message: 'manifest references a manifest or blob unknown to registry',
  },
  MANIFEST_INVALID: { status: 400, message: 'manifest invalid' },
  MANIFEST_UNKNOWN: { status: 404, message: 'manifest unknown to registry' },
  NAME_INVALID: { status: 400, message: 'invalid repository name' },
  NAME_UNKNOWN: { status: 404, message: 'repository name not known to registry' },
  SIZE_INVALID: { status: 400, message: 'provided length did not match content length' },
  UNAUTHORIZED: { status: 401, message: 'authentication required' },
  DENIED: { status: 403, message: 'requested access to the resource is denied' },
  UNSUPPORTED: { status: 405, message: 'the operation is unsupported' },
  TOOMANYREQUESTS: { status: 429, message: 'too many requests' },
} as const satisfies Record<string, { status: number; message: string }>

export type ErrorCode = keyof typeof ERRORS

/** JSON that a client may read to act on the error; never a sentence and never an internal message. */
export type ErrorDetail = Readonly<Record<string, unknown>>

export type RegistryErrorOptions = {
  readonly message?: string
  readonly detail?: ErrorDetail
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** What a use case throws when the client is to be told why; everything else that is thrown becomes a plain 500. */
export class RegistryError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly detail: ErrorDetail | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(code: ErrorCode, options: RegistryErrorOptions = {}) {
    super(
      options.message ?? ERRORS[code].message,
      options.cause === undefined ? {} : { cause: options.cause },
    )
    this.name = 'RegistryError'
    this.code = code
    this.status = options.status ?? ERRORS[code].status
    this.detail = options.detail
    this.headers = options.headers ?? {}
  }
}

/** The error body of the specification: `{"errors":[{"code","message","detail"?}]}`. */
export const errorBody = (error: RegistryError): string =>
  JSON.stringify({
    errors: [
      {
        code: error.code,
        message: error.message,
        ...(error.detail === undefined ? {} : { detail: error.detail }),
      },
    ],
  })
