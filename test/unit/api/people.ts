import { createAuthenticate } from '../../../functions/api/credentials.ts'
import { createResolveProject } from '../../../functions/api/resolve-project.ts'
import type { ApiDeps } from '../../../functions/api/deps.ts'
import { createLogIn } from '../../../shared/identity/log-in.ts'
import { createProject } from '../../../shared/projects/create.ts'
import { parseProjectName } from '../../../shared/projects/name.ts'
import { createUser } from '../../../shared/users/create.ts'
import { principalOf, type User } from '../../../shared/users/items.ts'
import { createToken } from '../../../shared/users/tokens.ts'
import { authorization } from '../../support/credentials.ts'
import { createTestStore } from '../../support/domain.ts'
import { createTestApi } from './support.ts'

export const PASSWORD = 'Right1234'

/** The API over real users, `admin` (1), `alice` (2) and `bob` (3), who log in as they would over the network. */
export const openPeople = async (options: Partial<ApiDeps> = {}) => {
  const store = createTestStore()
  const user = async (name: string, isSysadmin = false): Promise<User> =>
    await createUser(store, {
      ...{ name, password: PASSWORD, isSysadmin },
      email: `${name}@example.org`,
    })
  const [admin, alice, bob] = [await user('admin', true), await user('alice'), await user('bob')]
  const logIn = createLogIn(store, () => undefined)
  const api = createTestApi(undefined, {
    store,
    logIn,
    authenticate: createAuthenticate({ store, logIn }),
    resolveProject: createResolveProject(store),
    ...options,
  })
  /** `as`: a name, who has the usual password, or name and secret. */
  const send = async (
    method: string,
    path: string,
    as?: string | readonly [name: string, secret: string],
    body?: unknown,
  ): Promise<Response> => {
    const [name, password] = typeof as === 'string' ? [as, PASSWORD] : (as ?? [])
    const login =
      name === undefined || password === undefined ? undefined : authorization({ name, password })
    const json = { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }
    return await api.get(path, login, { method, ...(body === undefined ? {} : json) })
  }
  return {
    ...{ store, send, admin, alice, bob, app: api.app, failures: api.failures },
    /** A project of a user's. */
    project: async (name: string, owner: User = alice) =>
      await createProject(store, principalOf(owner), { name: parseProjectName(name) }),
    /** A personal access token of a user, to log in with. */
    token: async (owner: User, scope: 'all' | readonly string[]) => {
      const { text } = await createToken(store, owner.number, { name: 'of a test', scope })
      return [owner.name, text] as const
    },
  }
}

/** What a client is told went wrong. */
export const messageOf = async (response: Response): Promise<string> => {
  const body: unknown = await response.json()
  return (body as { readonly errors: readonly [{ readonly message: string }] }).errors[0].message
}
