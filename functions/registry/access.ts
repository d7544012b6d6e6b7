import type { MiddlewareHandler } from 'hono'
import type { Action } from '../../shared/auth/scope.ts'
import { factory, type RegistryEnv } from './factory.ts'
import { permit, type Door, type Need } from './http/challenge.ts'
import { credentialsOf } from './http/credentials.ts'

/** What a route that reads, writes or deletes in a repository asks for, in the words of the clients' scopes. */
const ACTIONS = {
  pull: ['pull'],
  // As every client asks for it: to push is to look first.
  push: ['pull', 'push'],
  delete: ['delete'],
} as const satisfies Readonly<Record<string, readonly Action[]>>

/** Lets through who may do this to the repository of the path; goes behind `repository`. */
export const can = (what: keyof typeof ACTIONS): MiddlewareHandler<RegistryEnv> =>
  guard((name) => ({ kind: 'repository', name, actions: ACTIONS[what] }))

const guard = (
  needOf: (name: RegistryEnv['Variables']['repository']) => Need,
): MiddlewareHandler<RegistryEnv> =>
  factory.createMiddleware(async (c, next) => {
    const { gate, realm } = c.var.deps
    const header = c.req.header('Authorization')
    // The bindings are absent under app.request(), whatever the type says.
    const address = (c.env as typeof c.env | undefined)?.address ?? ''
    const credentials = credentialsOf(header, address)
    const door: Door = doorOf(credentials.kind, realm ?? new URL(c.req.url).origin)
    c.set('visitor', await permit(await gate.visit(credentials), needOf(c.var.repository), door))
    await next()
  })

export const canLogIn = guard(() => ({ kind: 'login' }))
export const canListCatalog = guard(() => ({ kind: 'catalog' }))

/** Where somebody with these credentials stands; `origin`: by which URL clients reach the registry. */
export const doorOf = (kind: 'none' | 'bearer' | 'basic', origin: string): Door => ({
  isKnown: kind !== 'none',
  isToken: kind === 'bearer',
  realm: `${origin}/service/token`,
})
