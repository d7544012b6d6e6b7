/** Who may come in by the door of the distribution API. */
import { createHmac, randomBytes } from 'node:crypto'
import type { Identity } from './identity.ts'
import type { LogIn, Login } from './log-in.ts'
import { identityOf, type Standing } from './standing.ts'
import type { ProjectName, RepositoryName } from '../oci/name.ts'
import { readProjectFacts, resolveProject } from '../projects/find.ts'
import type { Store } from '../store/store.ts'
import type { ProjectId } from '../table.ts'
import {
  isNarrowed,
  mayInEveryProject,
  mayInProject,
  mayInSystem,
  type ProjectFacts,
} from '../auth/access.ts'
import { ANONYMOUS, type Principal } from '../auth/principal.ts'
import { remembering } from '../store/remembering.ts'
import { PERMISSION_OF, type Action } from '../auth/scope.ts'
import type { Tokens } from './tokens.ts'
import type { Visitor } from './visitor.ts'

/** What a request brought to show who it is. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: string }
  | ({ readonly kind: 'basic' } & Login)

export type Gate = {
  /** `undefined`: credentials were shown, and they are no good. */
  readonly visit: (credentials: Credentials) => Promise<Visitor | undefined>
  /** What somebody may who is known already. */
  readonly welcome: (identity: Identity) => Visitor
  /** Looks up which projects some names mean, whatever is remembered of them; `projectOf` then remembers that. */
  readonly lookUp: (projects: readonly ProjectName[]) => Promise<void>
  /** The project that a name means, as far as is remembered. `undefined`: none. */
  readonly projectOf: (project: ProjectName) => Promise<ProjectId | undefined>
}

export type GateOptions = {
  readonly store: Store
  readonly tokens: Tokens
  readonly logIn: LogIn
  /** Makes a project because somebody pushes to it; absent: pushing makes none. Leaves alone whoever may not make one. */
  readonly makeProject?: ((principal: Principal, project: ProjectName) => Promise<void>) | undefined
}

/** A password's hash takes tens of milliseconds, and clients without tokens send it with every request. */
const REMEMBER_LOGIN_MS = 5_000
const REMEMBER_FACTS_MS = 5_000
/** How soon a token is good for writing no more when the robot it was given to is disabled, or the password changed. */
const REMEMBER_STANDING_MS = 5_000

export const createGate = ({ store, tokens, logIn, makeProject }: GateOptions): Gate => {
  const logins = remembering<Identity | undefined>(store.clock, REMEMBER_LOGIN_MS)
  const projects = remembering<ProjectId | undefined>(store.clock, REMEMBER_FACTS_MS)
  const facts = remembering<ProjectFacts | undefined>(store.clock, REMEMBER_FACTS_MS)
  const standings = remembering<Identity | undefined>(store.clock, REMEMBER_STANDING_MS)
  // Passwords are not kept in memory, not even as a hash that could be guessed at.
  const secret = randomBytes(32)

  const identify = async ({ name, password, address }: Login): Promise<Identity | undefined> => {
    const mac = createHmac('sha256', secret).update(JSON.stringify([name, password, address]))
    return await logins(mac.digest('base64'), async () => await logIn({ name, password, address }))
  }

  const projectOf = async (name: ProjectName, maxAgeMs?: number): Promise<ProjectId | undefined> =>
    await projects(name, async () => await resolveProject(store, { name }), maxAgeMs)

  const factsOf = async (
    principal: Principal,
    project: ProjectName,
    known: ProjectId | undefined,
  ): Promise<ProjectFacts | undefined> => {
    const pid = known ?? (await projectOf(project))
    if (pid === undefined) return undefined
    const who = principal.kind === 'user' ? principal.number : ''
    return await facts(`${who}#${pid}`, async () => {
      return await readProjectFacts(store, principal, { pid })
    })
  }

  const mayDo = async (
    principal: Principal,
    action: Action,
    { path, project }: RepositoryName,
    pid: ProjectId | undefined,
  ): Promise<boolean> => {
    const permission = PERMISSION_OF[action]
    const known = await factsOf(principal, project, pid)
    if (known !== undefined) return mayInProject(principal, permission, known, path)
    // Who is let through learns that there is no such project; nobody else does.
    return mayInEveryProject(principal, permission)
  }

  const visitorOf = (principal: Principal, identity: Identity | undefined): Visitor => ({
    subject: principal.kind === 'anonymous' ? '' : principal.name,
    identity,
    mayEnter: principal.kind !== 'anonymous',
    mayListCatalog: mayInSystem(principal, 'catalog:read'),
    prepareToPush: async ({ project }) => {
      if (makeProject === undefined || isNarrowed(principal)) return
      if ((await projectOf(project)) === undefined) await makeProject(principal, project)
    },
    may: async (action, name, pid) => await mayDo(principal, action, name, pid),
    mayPullAll: async ({ project }, pid) => {
      const known = await factsOf(principal, project, pid)
      return known === undefined
        ? mayInEveryProject(principal, PERMISSION_OF.pull)
        : mayInProject(principal, PERMISSION_OF.pull, known)
    },
  })

  const stands = async (standing: Standing): Promise<boolean> => {
    const name = JSON.stringify(standing)
    return (await standings(name, async () => await identityOf(store, standing))) !== undefined
  }

  const bearer = async (token: string): Promise<Visitor | undefined> => {
    const found = await tokens.verify(token)
    if (found?.standing === undefined) return found
    const { standing } = found
    return {
      ...found,
      may: (action, name, pid) => {
        const isSaid = found.may(action, name, pid)
        return action === 'pull' || !isSaid ? isSaid : stands(standing)
      },
    }
  }

  const welcome: Gate['welcome'] = (identity) => visitorOf(identity.principal, identity)

  return {
    ...{ welcome, projectOf },
    lookUp: async (names) => {
      await Promise.all(names.map(async (name) => await projectOf(name, 0)))
    },
    visit: async (credentials) => {
      switch (credentials.kind) {
        case 'none':
          return visitorOf(ANONYMOUS, undefined)
        case 'bearer':
          return await bearer(credentials.token)
        case 'basic': {
          const identity = await identify(credentials)
          return identity && welcome(identity)
        }
        default:
          return credentials satisfies never
      }
    },
  }
}

/** Lets everybody do everything: for a registry whose door is kept by somebody else. */
export const createOpenGate = (): Gate => {
  const everybody: Visitor = {
    subject: '',
    identity: undefined,
    mayEnter: true,
    mayListCatalog: true,
    prepareToPush: () => Promise.resolve(),
    may: () => true,
    mayPullAll: () => true,
  }
  return {
    visit: () => Promise.resolve(everybody),
    welcome: () => everybody,
    lookUp: () => Promise.resolve(),
    projectOf: () => Promise.resolve(undefined),
  }
}
