/** Docker's token service: who asks, and for what, becomes a token that says what of it they may. */
import type { Identity } from './identity.ts'
import { identityOf, standingOf } from './standing.ts'
import type { ProjectName } from '../oci/name.ts'
import type { Store } from '../store/store.ts'
import type { Credentials, Gate } from './gate.ts'
import { scopeText, type Scope } from '../auth/scope.ts'
import type { RefreshTokens } from './refresh-tokens.ts'
import type { IssuedToken, Tokens } from './tokens.ts'
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

  const answer = async (
    visitor: Visitor,
    { isOffline, scopes }: TokenRequest,
    known?: string,
  ): Promise<TokenAnswer | undefined> => {
    const { identity, subject } = visitor
    const [[granted, wholeProjects], standing] = await Promise.all([
      narrow(visitor, scopes),
      identity && standingOf(store, identity),
    ])
    // Gone between the login and now.
    if (identity !== undefined && standing === undefined) return undefined
    const issued = await tokens.issue({ subject, standing, scopes: granted, wholeProjects })
    const refreshToken =
      known ?? (isOffline && standing ? await refreshTokens.issue(subject, standing) : undefined)
    return { ...issued, refreshToken, scope: issued.scopes.map(scopeText).join(' ') }
  }

  return {
    byCredentials: async (credentials, request) => {
      const visitor = await gate.visit(credentials, projectsOf(request.scopes))
      return visitor && (await answer(visitor, request))
    },
    byRefreshToken: async (refreshToken, request) => {
      const standing = await refreshTokens.verify(refreshToken)
      const identity: Identity | undefined = standing && (await identityOf(store, standing))
      return identity && (await answer(gate.welcome(identity), request, refreshToken))
    },
  }
}

/**
 * Of what was asked for, what may be done, and the projects in which more may be pulled; a repository of which nothing may
 * be done is left out.
 */
const narrow = async (
  visitor: Visitor,
  scopes: readonly Scope[],
): Promise<readonly [readonly Scope[], readonly ProjectName[]]> => {
  await Promise.all(
    scopes.map(async (scope) => {
      if (scope.kind === 'repository' && scope.actions.includes('push')) {
        await visitor.prepareToPush(scope.name)
      }
    }),
  )
  return await Promise.all([allowed(visitor, scopes), pullableProjects(visitor, scopes)])
}

const allowed = async (visitor: Visitor, scopes: readonly Scope[]): Promise<readonly Scope[]> => {
  const narrowed = await Promise.all(
    scopes.map(async (scope): Promise<Scope | undefined> => {
      if (scope.kind === 'catalog') return visitor.mayListCatalog ? scope : undefined
      const may = await Promise.all(
        scope.actions.map(async (action) => await visitor.may(action, scope.name)),
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
): Promise<readonly ProjectName[]> => {
  const found = await Promise.all(
    scopes.map(async (scope) =>
      scope.kind === 'repository' && (await visitor.mayPullAll(scope.name))
        ? [scope.name.project]
        : [],
    ),
  )
  return [...new Set(found.flat())]
}

const projectsOf = (scopes: readonly Scope[]): readonly ProjectName[] => [
  ...new Set(scopes.flatMap((scope) => (scope.kind === 'repository' ? [scope.name.project] : []))),
]
