import type { AuditRecorder } from '../audit/recorder.ts'
import type { Store } from '../store/store.ts'
import { createLogIn, type LogIn, type LoginFailure } from './log-in.ts'

const MAX_LOGGED_NAME = 255
const FAILED_LOGIN = { operation: 'login', resourceType: 'user', isSuccess: false } as const

/** What a log says of a login that failed. */
export type FailedLogin = {
  readonly name: string
  readonly address: string
  readonly why: LoginFailure
}

/** The one way in, whose failures are in the audit log and told to the log of the process. */
export const createAuditedLogIn = (
  store: Store,
  audit: AuditRecorder,
  tell: (failed: FailedLogin) => void,
): LogIn =>
  createLogIn(store, ({ address, name }, why) => {
    audit.record({ name, address }, { ...FAILED_LOGIN, resource: name })
    tell({ name: name.slice(0, MAX_LOGGED_NAME), address, why })
  })
