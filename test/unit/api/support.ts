import { createApi, type AddRoutes } from '../../../functions/api/app.ts'
import type { ApiDeps, ResolvedProject } from '../../../functions/api/deps.ts'
import type { Api } from '../../../functions/api/factory.ts'
import type { Role } from '../../../shared/auth/roles.ts'
import {
  ANONYMOUS,
  type Principal,
  type ProjectGrant,
  type RobotNumber,
  type UserNumber,
} from '../../../shared/auth/principal.ts'
import { openMemory } from '../../../shared/memory/open.ts'
import type { ProjectName } from '../../../shared/oci/name.ts'
import type { Kv } from '../../../shared/ports.ts'
import { createRepositories } from '../../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS } from '../../../shared/registry/context.ts'
import { systemClock } from '../../../shared/system/clock.ts'
import { createRandomIds } from '../../../shared/system/ids.ts'
import type { ProjectId } from '../../../shared/table.ts'

const user = (name: string, isSysadmin: boolean): Principal => ({
  kind: 'user',
  number: 3 as UserNumber,
  name,
  isSysadmin,
})

const robot = (grant: ProjectGrant): Principal => ({
  kind: 'robot',
  number: 1 as RobotNumber,
  name: 'robot$ci',
  system: ['label:create'],
  projects: [grant],
})

/** Who may be named in the `Authorization` of a test; everything else is a wrong password. */
const PRINCIPALS: Readonly<Record<string, Principal>> = {
  admin: user('admin', true),
  user: user('user', false),
  guest: user('guest', false),
  robot: robot({ pid: undefined, repository: undefined, permissions: ['artifact:read'] }),
  narrow: robot({
    pid: 'secret-pid' as ProjectId,
    repository: 'app/*',
    permissions: ['artifact:read'],
  }),
}

const project = (name: string, isPublic: boolean, role: Role | undefined): ResolvedProject => {
  const pid = `${name}-pid` as ProjectId
  return {
    facts: { pid, isPublic, role },
    project: {
      pid,
      number: 7,
      name: name as ProjectName,
      isPublic,
      owner: undefined,
      metadata: {},
      createdAt: 0,
      updatedAt: 0,
      version: 1,
    },
  }
}

export type TestApi = {
  readonly app: Api
  /** Answers as `how` as: `401 UNAUTHORIZED` for errors, else the status alone. */
  readonly ask: (path: string, as?: string, init?: RequestInit) => Promise<string>
  readonly get: (path: string, as?: string, init?: RequestInit) => Promise<Response>
  /** Errors that were not the client's. */
  readonly failures: unknown[]
  /** What the resolver of projects was asked for. */
  readonly resolved: string[]
  /** Addresses and authorizations that were asked about. */
  readonly authenticated: string[]
}

/** The API over fakes: `library` (7) is public, `secret` private, and `guest` is a limited guest in it. */
export const createTestApi = (
  families?: readonly AddRoutes[],
  options: Partial<ApiDeps> & { readonly kv?: Kv } = {},
): TestApi => {
  const failures: unknown[] = []
  const resolved: string[] = []
  const authenticated: string[] = []
  const memory = openMemory()
  const { kv = memory.kv, ...rest } = options
  const store = rest.store ?? { kv, clock: systemClock, ids: createRandomIds() }
  const deps: ApiDeps = {
    store,
    registry: {
      store,
      objects: memory.objects,
      repositories: createRepositories(store, { createProjectsOnPush: true }),
      limits: DEFAULT_LIMITS,
      allowSparse: false,
    },
    authenticate: ({ headers, address }) => {
      const header = headers.get('Authorization')
      authenticated.push(`${header ?? '-'} ${address}`)
      return Promise.resolve(header === null ? ANONYMOUS : PRINCIPALS[header])
    },
    resolveProject: (principal, nameOrId, isName) => {
      resolved.push(`${nameOrId} ${isName}`)
      const isGuest = principal.kind === 'user' && principal.name === 'guest'
      if (nameOrId === 'library' || (nameOrId === '7' && !isName)) {
        return Promise.resolve(project('library', true, undefined))
      }
      return Promise.resolve(
        nameOrId === 'secret'
          ? project('secret', false, isGuest ? 'limitedGuest' : undefined)
          : undefined,
      )
    },
    reportError: (error) => failures.push(error),
    info: { version: '1.2.3', storage: 'filesystem' },
    ...rest,
  }
  const app = createApi(deps, families)
  const get: TestApi['get'] = async (path, as, init = {}) => {
    const headers = new Headers(init.headers)
    if (as !== undefined) headers.set('Authorization', as)
    return await app.request(`/api/v2.0${path}`, { ...init, headers })
  }
  return {
    app,
    failures,
    resolved,
    authenticated,
    get,
    ask: async (path, as, init) => {
      const response = await get(path, as, init)
      if (response.status < 400) return String(response.status)
      return `${response.status} ${await codeOf(response)}`
    },
  }
}

/** The code of an error's body, which must be as Harbor's is. */
export const codeOf = async (response: Response): Promise<string> => {
  const body: unknown = await response.json()
  const { errors } = body as { readonly errors: readonly [{ code: string; message: string }] }
  if (Object.keys(errors[0]).join() !== 'code,message') throw new Error(JSON.stringify(body))
  return errors[0].code
}
