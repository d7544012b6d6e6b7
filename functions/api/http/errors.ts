import { HTTPException } from 'hono/http-exception'
import { DomainError } from '../../../shared/errors.ts'
import { RegistryError } from '../../../shared/oci/errors.ts'
import { PortError } from '../../../shared/ports.ts'

/** The codes of Harbor's API (`src/lib/errors/const.go`; go-openapi's are named after their status). */
export const STATUS = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  DENIED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  PRECONDITION: 412,
  PROJECTPOLICYVIOLATION: 412,
  REQUEST_ENTITY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UNPROCESSABLE_ENTITY: 422,
  UNKNOWN: 500,
  SERVICE_UNAVAILABLE: 503,
  INSUFFICIENT_STORAGE: 507,
} as const satisfies Readonly<Record<string, number>>

export type ApiCode = keyof typeof STATUS

/** What the API answers when it refuses; use cases throw `DomainError` instead. */
export class ApiError extends Error {
  readonly code: ApiCode
  readonly headers: Readonly<Record<string, string>>

  constructor(code: ApiCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.headers = headers
  }
}

/** Whether a failure is ours to look into, rather than the client's to mend. */
export const isOurs = (error: unknown): boolean => STATUS[toApiError(error, '').code] >= 500

/** What a client is told of any failure; what went wrong inside stays inside. */
export const toApiError = (error: unknown, requestId: string): ApiError => {
  if (error instanceof ApiError) return error
  if (error instanceof DomainError) return new ApiError(error.code, error.message)
  if (error instanceof RegistryError) {
    return new ApiError(codeOf(error.status), error.message, error.headers)
  }
  if (error instanceof PortError) return outOfReach(error)
  // Of the framework: JSON that does not parse, and bodies of a type that a route does not take.
  if (error instanceof HTTPException && error.status < 500) {
    return new ApiError(codeOf(error.status), error.message)
  }
  return new ApiError('UNKNOWN', `internal server error; the log says more under ${requestId}`)
}

const CODES: Readonly<Record<number, ApiCode>> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  412: 'PRECONDITION',
  413: 'REQUEST_ENTITY_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  503: 'SERVICE_UNAVAILABLE',
}

const codeOf = (status: number): ApiCode => CODES[status] ?? 'BAD_REQUEST'

const outOfReach = ({ failure }: PortError): ApiError =>
  failure === 'full'
    ? new ApiError('INSUFFICIENT_STORAGE', 'the registry has no room left; nothing was stored')
    : new ApiError('SERVICE_UNAVAILABLE', 'the registry cannot reach its storage; try again', {
        'Retry-After': '1',
      })

/**
 * The answer to a failed request: `{"errors":[{"code","message"}]}`. A 401 carries no `WWW-Authenticate`: Harbor's API
 * sends none, and browsers would ask for a password in a window of their own.
 */
export const errorResponse = ({ code, message, headers }: ApiError): Response =>
  Response.json({ errors: [{ code, message }] }, { status: STATUS[code], headers })
