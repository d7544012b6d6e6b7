import type { AuditRecorder } from '../audit/recorder.ts'
import { onceAnHour } from '../store/once-an-hour.ts'
import type { Store } from '../store/store.ts'
import type { Identity } from './identity.ts'
import { createLogIn, type LogIn, type LoginFailure } from './log-in.ts'

const MAX_LOGGED_NAME = 255
const LOGIN = { operation: 'login', resourceType: 'user' } as const

/** What a log says of a login that failed. */
export type FailedLogin = {
  readonly name: string
  readonly address: string
  readonly why: LoginFailure
}

type Seen = Pick<Identity, 'principal'> & { readonly address: string }

/**
 * The one way in, as the audit log tells of it: every failure, which the log of the process hears of, too; and who came
 * in, and from where, once an hour, for clients without sessions log in with every request.
 */
export const createAuditedLogIn = (
  store: Store,
  audit: AuditRecorder,
  tell: (failed: FailedLogin) => void,
): LogIn => {
  const logIn = createLogIn(store, ({ address, name }, why) => {
    audit.record({ name, address }, { ...LOGIN, resource: name, isSuccess: false })
    tell({ name: name.slice(0, MAX_LOGGED_NAME), address, why })
  })
  const cameIn = onceAnHour<Seen>(
    store.clock,
    ({ address, principal: { kind, name } }) => JSON.stringify([kind, name, address]),
    ({ address, principal: { kind: resourceType, name } }) => {
      audit.record({ name, address }, { ...LOGIN, resourceType, resource: name })
    },
  )
  return async (login) => {
    const identity = await logIn(login)
    if (identity !== undefined && login.isLoggedElsewhere !== true) {
      cameIn({ principal: identity.principal, address: login.address })
    }
    return identity
  }
}
