/** Why a use case refuses; the management API answers 400, 401, 403, 404, 409 and, for the last two, 412. */
export type DomainErrorCode =
  | 'BAD_REQUEST'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'PRECONDITION'
  | 'PROJECTPOLICYVIOLATION'

/** What a use case of the management throws when the client is to be told why; the message holds no secret. */
export class DomainError extends Error {
  readonly code: DomainErrorCode

  constructor(code: DomainErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'DomainError'
    this.code = code
  }
}
