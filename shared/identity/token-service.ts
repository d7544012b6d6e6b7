/** Docker's token service: who asks, and for what, becomes a token that says what of it they may. */
import { identityOf, standingOf } from './standing.ts'
import type { ProjectName } from '../oci/name.ts'
import type { Store } from '../store/store.ts'
import type { ProjectId } from '../table.ts'
import type { Credentials, Gate } from './gate.ts'
import { scopeText, type Scope } from '../auth/scope.ts'
import type { RefreshTokens } from './refresh-tokens.ts'
import type { Grant, IssuedToken, Tokens } from './tokens.ts'
import type { Visitor } from './visitor.ts'

export type TokenRequest = {
  readonly scopes: readonly Scope[]
  /** Whether something is wanted to get further tokens by. */
  readonly isOffline: boolean
}

export type TokenAnswer = IssuedToken & {
  readonly refreshToken: string | undefined
  /** What the token is good for, in the words of the request. */
  readonly scope: string
}

export type TokenService = {
  /** `undefined`: the credentials are no good. Without any, a token for everybody. */
  readonly byCredentials: (
    credentials: Exclude<Credentials, { kind: 'bearer' }>,
    request: TokenRequest,
  ) => Promise<TokenAnswer | undefined>
  /** `undefined`: the refresh token is no good. It stays what it is and is answered again. */
  readonly byRefreshToken: (
    refreshToken: string,
    request: TokenRequest,
  ) => Promise<TokenAnswer | undefined>
}

export type TokenServiceOptions = {
  readonly store: Store
  readonly gate: Gate
  readonly tokens: Tokens
  readonly refreshTokens: RefreshTokens
}

export const createTokenService = (options: TokenServiceOptions): TokenService => {
  const { gate, refreshTokens, store, tokens } = options

  /** Begins to look up what a request is about, beside the login of who sends it. */
  const lookUp = (request: TokenRequest): Asked => {
    const lookedUp = gate.lookUp(projectsOf(request.scopes))
    // Who is refused does not wait for it, nor hears of how it failed.
    lookedUp.catch(() => undefined)
    return { request, lookedUp }
  }

  const answer = async (
    visitor: Visitor,
    { lookedUp, request: { isOffline, scopes } }: Asked,
    known?: string,
  ): Promise<TokenAnswer | undefined> => {
    const { identity, subject } = visitor
    const [granted, standing] = await Promise.all([
      lookedUp.then(async () => await grant(visitor, scopes)),
      identity && standingOf(store, identity),
    ])
    // Gone between the login and now.
    if (identity !== undefined && standing === undefined) return undefined
    const issued = await tokens.issue({ subject, standing, ...granted })
    const refreshToken =
      known ?? (isOffline && standing ? await refreshTokens.issue(subject, standing) : undefined)
    return { ...issued, refreshToken, scope: issued.scopes.map(scopeText).join(' ') }
  }

  /**
   * Of what was asked for, what may be done, and the projects in which more may be pulled; a repository of which nothing
   * may be done is left out. All of it is decided about the projects that the names mean now, and the token says which.
   */
  const grant = async (
    visitor: Visitor,
    scopes: readonly Scope[],
  ): Promise<Pick<Grant, 'scopes' | 'projects' | 'wholeProjects'>> => {
    await Promise.all(
      scopes.map(async (scope) => {
        if (scope.kind === 'repository' && scope.actions.includes('push')) {
          await visitor.prepareToPush(scope.name)
        }
      }),
    )
    const known = projectsOf(scopes).map(
      async (name) => [name, await gate.projectOf(name)] as const,
    )
    const projects = new Map(await Promise.all(known))
    const [granted, wholeProjects] = await Promise.all([
      allowed(visitor, scopes, projects),
      pullableProjects(visitor, scopes, projects),
    ])
    return { scopes: granted, projects, wholeProjects }
  }

  return {
    byCredentials: async (credentials, request) => {
      const asked = lookUp(request)
      const visitor = await gate.visit(credentials)
      return visitor && (await answer(visitor, asked))
    },
    byRefreshToken: async (refreshToken, request) => {
      const standing = await refreshTokens.verify(refreshToken)
      if (standing === undefined) return undefined
      const asked = lookUp(request)
      const identity = await identityOf(store, standing)
      return identity && (await answer(gate.welcome(identity), asked, refreshToken))
    },
  }
}

type Asked = { readonly request: TokenRequest; readonly lookedUp: Promise<void> }
type Projects = ReadonlyMap<ProjectName, ProjectId | undefined>

const allowed = async (
  visitor: Visitor,
  scopes: readonly Scope[],
  projects: Projects,
): Promise<readonly Scope[]> => {
  const narrowed = await Promise.all(
    scopes.map(async (scope): Promise<Scope | undefined> => {
      if (scope.kind === 'catalog') return visitor.mayListCatalog ? scope : undefined
      const pid = projects.get(scope.name.project)
      const may = await Promise.all(
        scope.actions.map(async (action) => await visitor.may(action, scope.name, pid)),
      )
      const actions = scope.actions.filter((_action, index) => may[index] === true)
      return actions.length === 0 ? undefined : { ...scope, actions }
    }),
  )
  return narrowed.filter((scope) => scope !== undefined)
}

const pullableProjects = async (
  visitor: Visitor,
  scopes: readonly Scope[],
  projects: Projects,
): Promise<readonly ProjectName[]> => {
  const found = await Promise.all(
    scopes.map(async (scope) => {
      if (scope.kind !== 'repository') return []
      const { project } = scope.name
      return (await visitor.mayPullAll(scope.name, projects.get(project))) ? [project] : []
    }),
  )
  return [...new Set(found.flat())]
}

const projectsOf = (scopes: readonly Scope[]): readonly ProjectName[] => [
  ...new Set(scopes.flatMap((scope) => (scope.kind === 'repository' ? [scope.name.project] : []))),
]
