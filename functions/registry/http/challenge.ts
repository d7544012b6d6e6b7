import type { Visitor } from '../../../shared/auth/gate.ts'
import { scopeText, type Action, type Scope } from '../../../shared/auth/scope.ts'
import { SERVICE } from '../../../shared/auth/tokens.ts'
import { RegistryError } from '../../../shared/oci/errors.ts'
import type { RepositoryName } from '../../../shared/oci/name.ts'

/** What a route asks of its caller. */
export type Need =
  | { readonly kind: 'login' }
  | { readonly kind: 'catalog' }
  | {
      readonly kind: 'repository'
      readonly name: RepositoryName
      readonly actions: readonly Action[]
    }

/** Whether the caller showed anything, and where the token service is to be found by it. */
export type Door = { readonly isKnown: boolean; readonly isToken: boolean; readonly realm: string }

/**
 * Lets somebody through or not.
 * @throws RegistryError UNAUTHORIZED with a challenge that names what is needed (RFC 6750; distribution, "Token
 * Authentication Specification"): to whoever has shown nothing, or a token that does not say enough, for another token
 * may. DENIED to whoever has shown who they are and may not.
 */
export const permit = async (
  visitor: Visitor | undefined,
  need: Need,
  door: Door,
): Promise<Visitor> => {
  if (visitor === undefined) throw unauthorized(need, door, 'invalid_token')
  switch (need.kind) {
    case 'login':
      if (visitor.mayEnter) return visitor
      break
    case 'catalog':
      if (visitor.mayListCatalog) return visitor
      break
    case 'repository':
      if (await mayAll(visitor, need.actions, need.name)) return visitor
      break
    default:
      return need satisfies never
  }
  if (!door.isKnown) throw unauthorized(need, door)
  if (door.isToken) throw unauthorized(need, door, 'insufficient_scope')
  throw new RegistryError('DENIED', { detail: detailOf(need) })
}

const mayAll = async (
  visitor: Visitor,
  actions: readonly Action[],
  name: RepositoryName,
): Promise<boolean> => {
  for (const action of actions) if (!(await visitor.may(action, name))) return false
  return true
}

const unauthorized = (need: Need, { realm }: Door, error?: string): RegistryError => {
  const scope = scopeOf(need)
  const parts = [
    `realm="${realm}"`,
    `service="${SERVICE}"`,
    ...(scope === undefined ? [] : [`scope="${scopeText(scope)}"`]),
    ...(error === undefined ? [] : [`error="${error}"`]),
  ]
  return new RegistryError('UNAUTHORIZED', {
    headers: { 'WWW-Authenticate': `Bearer ${parts.join(',')}` },
    detail: detailOf(need),
  })
}

const scopeOf = (need: Need): Scope | undefined => {
  if (need.kind === 'login') return undefined
  return need.kind === 'catalog' ? need : { ...need, kind: 'repository' }
}

const detailOf = (need: Need): Readonly<Record<string, unknown>> =>
  need.kind === 'repository'
    ? { name: need.name.given, actions: need.actions }
    : { needed: need.kind }
