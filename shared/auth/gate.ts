/** Who stands at the door of the distribution API, and what they may do there. */
import { createHmac, randomBytes } from 'node:crypto'
import type { RepositoryName } from '../oci/name.ts'
import type { Store } from '../store/store.ts'
import { mayInProject, mayInSystem, type ProjectFacts } from './access.ts'
import { ANONYMOUS, type Principal } from './principal.ts'
import { PERMISSION_OF, type Action } from './scope.ts'
import type { Tokens } from './tokens.ts'

/** What a request brought to show who it is. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: string }
  | {
      readonly kind: 'basic'
      readonly login: string
      readonly password: string
      readonly address: string
    }

export type Visitor = {
  /** The login name; empty: nobody in particular. */
  readonly subject: string
  /** Whether it is known who this is, or that nobody need be. */
  readonly mayEnter: boolean
  readonly mayListCatalog: boolean
  readonly may: (action: Action, name: RepositoryName) => boolean | Promise<boolean>
}

export type Gate = {
  /** `undefined`: credentials were shown, and they are no good. */
  readonly visit: (credentials: Credentials) => Promise<Visitor | undefined>
}

export type GateOptions = {
  readonly store: Store
  readonly tokens: Tokens
  readonly authenticate: (
    login: string,
    password: string,
    address: string,
  ) => Promise<Principal | undefined>
  /** `undefined`: there is no such project. */
  readonly factsOf: (
    principal: Principal,
    project: RepositoryName['project'],
  ) => Promise<ProjectFacts | undefined>
}

/** A password's hash takes tens of milliseconds, and clients without tokens send it with every request. */
const REMEMBER_LOGIN_MS = 5_000
const REMEMBER_FACTS_MS = 5_000
const MAX_REMEMBERED = 1_000

export const createGate = ({ store, tokens, authenticate, factsOf }: GateOptions): Gate => {
  const logins = remembering<Principal | undefined>(store, REMEMBER_LOGIN_MS)
  const facts = remembering<ProjectFacts | undefined>(store, REMEMBER_FACTS_MS)
  // Passwords are not kept in memory, not even as a hash that could be guessed at.
  const secret = randomBytes(32)

  const identify = async ({
    login,
    password,
    address,
  }: Extract<Credentials, { kind: 'basic' }>): Promise<Principal | undefined> => {
    const mac = createHmac('sha256', secret).update(JSON.stringify([login, password]))
    return await logins(mac.digest('base64'), async () => {
      return await authenticate(login, password, address)
    })
  }

  const mayDo = async (
    principal: Principal,
    action: Action,
    name: RepositoryName,
  ): Promise<boolean> => {
    const who = principal.kind === 'anonymous' ? '' : `${principal.kind}#${principal.number}`
    const known = await facts(`${who}#${name.project}`, async () => {
      return await factsOf(principal, name.project)
    })
    return known !== undefined && mayInProject(principal, PERMISSION_OF[action], known, name.path)
  }

  const visitorOf = (principal: Principal): Visitor => ({
    subject: principal.kind === 'anonymous' ? '' : principal.name,
    mayEnter: principal.kind !== 'anonymous',
    mayListCatalog: mayInSystem(principal, 'catalog:read'),
    may: async (action, name) => await mayDo(principal, action, name),
  })

  return {
    visit: async (credentials) => {
      switch (credentials.kind) {
        case 'none':
          return visitorOf(ANONYMOUS)
        case 'bearer':
          return await tokens.verify(credentials.token)
        case 'basic': {
          const principal = await identify(credentials)
          return principal && visitorOf(principal)
        }
        default:
          return credentials satisfies never
      }
    },
  }
}

/** Lets everybody do everything: for a registry whose door is kept by somebody else. */
export const createOpenGate = (): Gate => {
  const everybody: Visitor = { subject: '', mayEnter: true, mayListCatalog: true, may: () => true }
  return { visit: () => Promise.resolve(everybody) }
}

/** Asks once for a while, and only once at a time; what failed or is not known is asked again. */
const remembering = <T>(store: Store, forMs: number) => {
  const known = new Map<string, { readonly value: Promise<T>; readonly until: number }>()
  return async (name: string, ask: () => Promise<T>): Promise<T> => {
    const found = known.get(name)
    if (found !== undefined && found.until > store.clock.now()) return await found.value
    const value = ask()
    if (known.size >= MAX_REMEMBERED) known.clear()
    known.set(name, { value, until: store.clock.now() + forMs })
    try {
      const answer = await value
      if (answer === undefined) known.delete(name)
      return answer
    } catch (error) {
      known.delete(name)
      throw error
    }
  }
}
