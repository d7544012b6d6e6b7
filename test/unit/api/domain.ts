import { createResolveProject } from '../../../functions/api/resolve-project.ts'
import type { AddRoutes } from '../../../functions/api/app.ts'
import type { ApiDeps } from '../../../functions/api/deps.ts'
import { ANONYMOUS, type Principal } from '../../../shared/auth/principal.ts'
import { createProject } from '../../../shared/projects/create.ts'
import { parseProjectName } from '../../../shared/projects/name.ts'
import type { Project } from '../../../shared/projects/project.ts'
import { createRepositories } from '../../../shared/projects/repositories.ts'
import { openMemory } from '../../../shared/memory/open.ts'
import { DEFAULT_LIMITS, type RegistryContext } from '../../../shared/registry/context.ts'
import { createTestApp } from '../../support/app.ts'
import { parseRepositoryName } from '../../../shared/oci/name.ts'
import type { Store } from '../../../shared/store/store.ts'
import { createTestStore, createTestUser } from '../../support/domain.ts'
import { createTestApi } from './support.ts'

/** The API over a store of its own, where projects are real: `admin`, `alice`, `bob`, and whom a test lets in besides. */
export const createDomainApi = async (
  options: {
    readonly families?: readonly AddRoutes[]
    readonly others?: Readonly<Record<string, Principal>>
    readonly deps?: Partial<ApiDeps>
    readonly wrap?: (store: Store) => Store
  } = {},
) => {
  const real = createTestStore()
  const store = options.wrap?.(real) ?? real
  const [admin, alice, bob] = await Promise.all([
    createTestUser(store, 1, { isSysadmin: true, name: 'admin' }),
    createTestUser(store, 2, { name: 'alice' }),
    createTestUser(store, 3, { name: 'bob' }),
  ])
  const principals: Readonly<Record<string, Principal>> = { admin, alice, bob, ...options.others }
  const registry: RegistryContext = {
    store,
    objects: openMemory().objects,
    repositories: createRepositories(store, { createProjectsOnPush: true }),
    limits: DEFAULT_LIMITS,
    allowSparse: false,
  }
  const { ask, get, failures } = createTestApi(options.families, {
    store,
    registry,
    authenticate: ({ headers }) => {
      const who = headers.get('Authorization')
      return Promise.resolve(who === null ? ANONYMOUS : principals[who])
    },
    resolveProject: createResolveProject(store),
    ...options.deps,
  })
  const send = async (method: string, path: string, as?: string, body?: unknown) =>
    await get(path, as, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    })
  return {
    /** Without what a test has put around it. */
    real,
    registry,
    /** The distribution API over the same store, where everybody may do everything. */
    oci: createTestApp({ context: registry }),
    ...{ store, admin, alice, bob, ask, get, send, failures },
    pass: real.pass,
    create: async (name: string, creator: Principal = alice, isPublic = false): Promise<Project> =>
      await createProject(real, creator, { name: parseProjectName(name), isPublic }),
    push: async (name: string) =>
      await createRepositories(store, { createProjectsOnPush: true }).forPush(
        parseRepositoryName(name),
      ),
  }
}

/** What a client is told went wrong: `409 the project a exists already`. */
export const refusal = async (response: Response): Promise<string> => {
  const body: unknown = await response.json()
  const { errors } = body as { readonly errors: readonly [{ readonly message: string }] }
  return `${response.status} ${errors[0].message}`
}
