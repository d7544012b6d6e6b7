/** Who may use a route. A route without a rule is used by nobody. */
import type { MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import {
  isAdministrator,
  mayInEveryProject,
  mayInProject,
  mayInSystem,
} from '../../shared/auth/access.ts'
import type { ProjectPermission, SystemPermission } from '../../shared/auth/permissions.ts'
import type { Principal } from '../../shared/auth/principal.ts'
import { DomainError } from '../../shared/errors.ts'
import type { RepositoryPath } from '../../shared/oci/name.ts'
import { addressIn } from '../registry/http/bindings.ts'
import type { ResolvedProject } from './deps.ts'
import { factory, type ApiContext, type ApiEnv } from './factory.ts'
import { IS_RESOURCE_NAME, isTrue, parseRepositoryPath } from './http/names.ts'

/**
 * The rule of a route. `everyone` asks for no credentials and does not look at them; a rule about a project is for paths
 * with `{project_name_or_id}`, and is asked for one repository where the path has `{repository_name}`.
 */
export type Access =
  | 'everyone'
  | 'authenticated'
  | 'administrators'
  | { readonly system: SystemPermission }
  | { readonly project: ProjectPermission }
  /** The handler decides; the text says why no rule can. */
  | { readonly handler: string }

/** What every handler of a registered route, and every middleware of the frame, was registered for. */
const rules = new WeakMap<object, Access | 'frame'>()

/** Says for what some handlers are there; `frame`: they go around all routes and answer none. */
export const rememberRule = (
  handlers: readonly { readonly handler: object }[],
  rule: Access | 'frame',
): void => {
  for (const { handler } of handlers) rules.set(handler, rule)
}

/** The rule under which a handler was registered; `undefined`: none, so no request reaches it. */
export const ruleOf = (handler: object): Access | 'frame' | undefined => rules.get(handler)

/** Refuses a request that would reach a handler without a rule, before anything runs. */
export const denyUnruled: MiddlewareHandler<ApiEnv> = factory.createMiddleware(async (c, next) => {
  const unruled = matchedRoutes(c).find(({ handler }) => ruleOf(handler) === undefined)
  if (unruled !== undefined) {
    const { method, path } = unruled
    c.get('deps').reportError(new Error(`no access rule: ${method} ${path}`), c.get('requestId'))
    throw new DomainError('FORBIDDEN', 'forbidden')
  }
  await next()
})

/** Lets through whom the rule allows. */
export const enforce = (access: Access): MiddlewareHandler<ApiEnv> =>
  factory.createMiddleware(async (c, next) => {
    await check(c, access)
    await next()
  })

const check = async (c: ApiContext, access: Access): Promise<void> => {
  if (access === 'everyone') return
  const principal = await principalOf(c)
  if (access === 'authenticated') {
    if (principal.kind === 'anonymous') throw denied(principal)
  } else if (access === 'administrators') {
    if (!isAdministrator(principal)) throw denied(principal)
  } else if ('system' in access) {
    if (!mayInSystem(principal, access.system)) throw denied(principal)
  } else if ('project' in access) {
    c.set('project', await permitted(c, principal, access.project))
  }
}

const IN_REPOSITORIES = /^\/api\/v2\.0\/projects\/[^/]+\/repositories(?:\/|$)/

const permitted = async (
  c: ApiContext,
  principal: Principal,
  permission: ProjectPermission,
): Promise<ResolvedProject> => {
  const nameOrId = c.req.param('project_name_or_id')
  if (nameOrId === undefined) throw new Error('a rule about a project, but no project in the path')
  const repository = repositoryPathOf(c)
  // Harbor's description calls it `project_name` there.
  const isName = isTrue(c.req.header(IS_RESOURCE_NAME)) || IN_REPOSITORIES.test(c.req.path)
  const found = await c.get('deps').resolveProject(principal, nameOrId, isName)
  if (found === undefined) throw missing(principal, permission)
  if (!mayInProject(principal, permission, found.facts, repository)) throw denied(principal)
  return found
}

const repositoryPathOf = (c: ApiContext): RepositoryPath | undefined => {
  const parameter = c.req.param('repository_name')
  return parameter === undefined ? undefined : parseRepositoryPath(parameter)
}

/** What to throw at somebody who may not: anonymous callers may try with a name. */
export const denied = ({ kind }: Principal): DomainError =>
  kind === 'anonymous'
    ? new DomainError('UNAUTHORIZED', 'unauthorized')
    : new DomainError('FORBIDDEN', 'forbidden')

/**
 * Who might not see a project is told the same of one that does not exist, or its name would be found out by asking.
 * So answers Harbor (`RequireProjectAccess` in `handler/base.go` looks up the project and refuses both alike). Only who
 * may do this in every project hears that there is none, which is what Terraform needs to know after a deletion.
 */
const missing = (principal: Principal, permission: ProjectPermission): DomainError =>
  mayInEveryProject(principal, permission)
    ? new DomainError('NOT_FOUND', 'the project does not exist')
    : denied(principal)

/**
 * Who asks; established once in a request.
 * @throws DomainError UNAUTHORIZED when credentials were given and are wrong
 */
export const principalOf = async (c: ApiContext): Promise<Principal> => {
  const known = c.get('principal')
  if (known !== undefined) return await known
  const principal = authenticate(c)
  c.set('principal', principal)
  return await principal
}

const authenticate = async (c: ApiContext): Promise<Principal> => {
  const principal = await c.get('deps').authenticate({
    headers: c.req.raw.headers,
    method: c.req.method,
    address: addressOf(c),
  })
  if (principal === undefined) throw new DomainError('UNAUTHORIZED', 'the credentials are wrong')
  return principal
}

/** Of the other end of the connection; empty when unknown. */
export const addressOf = (c: Pick<ApiContext, 'env'>): string => addressIn(c.env)

/** The project of the path, behind a rule about a project only. */
export const projectOf = (c: ApiContext): ResolvedProject => {
  const project = c.get('project')
  if (project === undefined) throw new Error('this route has no rule about a project')
  return project
}
