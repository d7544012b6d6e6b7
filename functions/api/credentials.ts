import { ANONYMOUS } from '../../shared/auth/principal.ts'
import { DomainError } from '../../shared/errors.ts'
import type { LogIn } from '../../shared/identity/log-in.ts'
import { readSession } from '../../shared/sessions/sessions.ts'
import type { Store } from '../../shared/store/store.ts'
import { credentialsOf } from '../registry/http/credentials.ts'
import type { ApiDeps } from './deps.ts'
import { CSRF_TOKEN, isIntended, sessionIdOf } from './session-cookie.ts'

/**
 * Who sends a request: by name and password, secret or token in `Authorization`, else by the session of a browser. A
 * session that is over is as none, so that a page can still ask what everybody may.
 */
export const createAuthenticate =
  ({ store, logIn }: { readonly store: Store; readonly logIn: LogIn }): ApiDeps['authenticate'] =>
  async ({ headers, method, address }) => {
    const credentials = credentialsOf(headers.get('Authorization') ?? undefined, address)
    switch (credentials.kind) {
      case 'basic':
        return (await logIn(credentials))?.principal
      // Those of the distribution API are not for this one.
      case 'bearer':
        return undefined
      case 'none': {
        const id = sessionIdOf(headers)
        const user = id === undefined ? undefined : await readSession(store, id)
        if (id === undefined || user === undefined) return ANONYMOUS
        if (isIntended(id, method, headers)) return user
        throw new DomainError(
          'FORBIDDEN',
          `the request lacks the ${CSRF_TOKEN} that answers to GET have`,
        )
      }
      default:
        return credentials satisfies never
    }
  }
