import { RegistryError } from '../../../shared/oci/errors.ts'
import { PortError, type PortFailure } from '../../../shared/ports.ts'

const RETRY = { 'Retry-After': '1' } as const

const FAILURES: Readonly<Record<PortFailure, () => RegistryError>> = {
  throttled: () => new RegistryError('TOOMANYREQUESTS', { headers: RETRY }),
  unavailable: () => tryAgain(),
  unknown: () => tryAgain(),
  full: () =>
    new RegistryError('DENIED', {
      status: 507,
      message: 'the registry has no room left; nothing was stored, and pulls go on',
    }),
}

const tryAgain = (): RegistryError =>
  new RegistryError('TOOMANYREQUESTS', {
    status: 503,
    message: 'the registry cannot reach its storage; try again',
    headers: RETRY,
  })

/** Whether a failure is ours to look into, rather than the client's to mend. */
export const isOurs = (error: unknown): boolean => !(error instanceof RegistryError)

/** What a client is told of any failure; what went wrong inside stays inside. */
export const toRegistryError = (error: unknown, requestId: string): RegistryError => {
  if (error instanceof RegistryError) return error
  if (error instanceof PortError) return FAILURES[error.failure]()
  return new RegistryError('UNSUPPORTED', {
    status: 500,
    message: 'the registry failed; its log says more under this request id',
    detail: { requestId },
  })
}
