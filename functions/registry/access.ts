import type { Context, MiddlewareHandler } from 'hono'
import type { Actor } from '../../shared/audit/entry.ts'
import { auditWrites } from '../../shared/audit/writes.ts'
import type { Action, RepositoryScope } from '../../shared/auth/scope.ts'
import type { Visitor } from '../../shared/identity/visitor.ts'
import { RegistryError } from '../../shared/oci/errors.ts'
import { checked } from '../../shared/projects/checked.ts'
import type { RegistryContext } from '../../shared/registry/context.ts'
import type { Deps } from './deps.ts'
import { factory, type RegistryEnv } from './factory.ts'
import { addressIn } from './http/bindings.ts'
import { permit, type Need } from './http/challenge.ts'
import { credentialsOf } from './http/credentials.ts'

/** What a route that reads, writes or deletes in a repository asks for, in the words of the clients' scopes. */
const ACTIONS = {
  pull: ['pull'],
  // As every client asks for it: to push is to look first.
  push: ['pull', 'push'],
  delete: ['delete'],
} as const satisfies Readonly<Record<string, readonly Action[]>>

/** What a route asks for that does something to a repository. */
export const toDo = (
  what: keyof typeof ACTIONS,
  name: RegistryEnv['Variables']['repository'],
): RepositoryScope => ({ kind: 'repository', name, actions: ACTIONS[what] })

/** What a request shows of its sender. */
export type Arrival = {
  readonly authorization: string | undefined
  /** Of the other end of the connection; empty when unknown. */
  readonly address: string
  /** By which URL the client reached the registry; asked for only to refuse it. */
  readonly origin: () => string
}

/**
 * Lets a request through or not, and answers who sent it, and what it may work with: there the name that it is about
 * means the project that this was decided about, or nothing.
 * @throws RegistryError UNAUTHORIZED, DENIED; so does what is answered, where the name means another project by then
 */
export const admit = async (
  deps: Deps,
  { authorization, address, origin }: Arrival,
  need: Need,
): Promise<{ readonly visitor: Visitor; readonly deps: Deps }> => {
  const { context, gate, isReadOnly } = deps
  const credentials = credentialsOf(authorization, address)
  const realm = (): string => `${origin()}/service/token`
  const shown = await gate.visit(credentials)
  const changes = need.kind === 'repository' && need.actions.some((action) => action !== 'pull')
  if (changes && (await isReadOnly())) throw readOnly()
  if (need.kind === 'repository' && need.actions.includes('push')) {
    await shown?.prepareToPush(need.name)
  }
  const door = { shown: credentials.kind, realm }
  const visitor = await permit(shown, need, door)
  if (need.kind !== 'repository') return { visitor, deps }
  const repositories = checked(context.repositories, need.name, async (pid) => {
    await permit(visitor, need, door, pid)
  })
  return { visitor, deps: { ...deps, context: { ...context, repositories } } }
}

const readOnly = (): RegistryError =>
  new RegistryError('DENIED', {
    message: 'the registry is read only at the moment: nothing can be pushed or deleted',
  })

/** The network address of whoever sent a request, as far as it can be trusted; empty when unknown. */
export const addressOf = (c: Context<RegistryEnv>): string => addressIn(c.env)

/** Who asks, for the audit log; behind a rule only. */
export const actorOf = (c: Context<RegistryEnv>): Actor => ({
  name: c.var.visitor.subject,
  address: addressOf(c),
})

/** What a use case works with, whose doings are logged as those of whoever asks. */
export const contextFor = async (c: Context<RegistryEnv>): Promise<RegistryContext> => {
  const { context } = c.var.deps
  return { ...context, audit: await auditWrites(context.store, actorOf(c)) }
}

const guard = (
  needOf: (name: RegistryEnv['Variables']['repository'], c: Context<RegistryEnv>) => Need,
): MiddlewareHandler<RegistryEnv> =>
  factory.createMiddleware(async (c, next) => {
    const arrival = {
      authorization: c.req.header('Authorization'),
      address: addressOf(c),
      origin: () => c.var.deps.externalUrl ?? new URL(c.req.url).origin,
    }
    const { visitor, deps } = await admit(c.var.deps, arrival, needOf(c.var.repository, c))
    c.set('visitor', visitor)
    c.set('deps', deps)
    await next()
  })

/** Lets through who may do this to the repository of the path; goes behind `repository`. */
export const can = (what: keyof typeof ACTIONS): MiddlewareHandler<RegistryEnv> =>
  guard((name) => toDo(what, name))

/** As `can('push')`, for a request that may want to mount from another repository. */
export const canPushAndMount = (
  sourceOf: (c: Context<RegistryEnv>) => RegistryEnv['Variables']['repository'] | undefined,
): MiddlewareHandler<RegistryEnv> =>
  guard((name, c) => ({ ...toDo('push', name), alsoPull: sourceOf(c) }))

export const canLogIn = guard(() => ({ kind: 'login' }))
export const canListCatalog = guard(() => ({ kind: 'catalog' }))
