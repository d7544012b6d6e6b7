import type { MiddlewareHandler } from 'hono'
import type { Action } from '../../shared/auth/scope.ts'
import type { Deps } from './deps.ts'
import { factory, type RegistryEnv } from './factory.ts'
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
): Need => ({ kind: 'repository', name, actions: ACTIONS[what] })

/** What a request shows of its sender. */
export type Arrival = {
  readonly authorization: string | undefined
  /** Of the other end of the connection; empty when unknown. */
  readonly address: string
  /** By which URL the client reached the registry; asked for only to refuse it. */
  readonly origin: () => string
}

/**
 * Lets a request through or not.
 * @throws RegistryError UNAUTHORIZED, DENIED
 */
export const admit = async (
  { gate }: Deps,
  { authorization, address, origin }: Arrival,
  need: Need,
): Promise<void> => {
  const credentials = credentialsOf(authorization, address)
  const realm = (): string => `${origin()}/service/token`
  await permit(await gate.visit(credentials), need, { shown: credentials.kind, realm })
}

const guard = (
  needOf: (name: RegistryEnv['Variables']['repository']) => Need,
): MiddlewareHandler<RegistryEnv> =>
  factory.createMiddleware(async (c, next) => {
    const arrival = {
      authorization: c.req.header('Authorization'),
      // The bindings are absent under app.request(), whatever the type says.
      address: (c.env as typeof c.env | undefined)?.address ?? '',
      origin: () => new URL(c.req.url).origin,
    }
    await admit(c.var.deps, arrival, needOf(c.var.repository))
    await next()
  })

/** Lets through who may do this to the repository of the path; goes behind `repository`. */
export const can = (what: keyof typeof ACTIONS): MiddlewareHandler<RegistryEnv> =>
  guard((name) => toDo(what, name))

export const canLogIn = guard(() => ({ kind: 'login' }))
export const canListCatalog = guard(() => ({ kind: 'catalog' }))
