import type { Credentials } from '../../../shared/identity/gate.ts'
import { scopeText, type RepositoryScope, type Scope } from '../../../shared/auth/scope.ts'
import { SERVICE } from '../../../shared/identity/tokens.ts'
import type { Visitor } from '../../../shared/identity/visitor.ts'
import type { RepositoryName } from '../../../shared/oci/name.ts'
import { RegistryError } from '../../../shared/oci/errors.ts'
import type { ProjectId } from '../../../shared/table.ts'

/** What a route asks of its caller. */
export type Need =
  { readonly kind: 'login' } | Exclude<Scope, { kind: 'repository' }> | RepositoryNeed

/** `alsoPull`: where the request would like to pull from too; a token for it is to be asked for in the same breath. */
export type RepositoryNeed = RepositoryScope & { readonly alsoPull?: RepositoryName | undefined }

/** What kind of credentials the caller showed, and where the token service is to be found by it. */
export type Door = { readonly shown: Credentials['kind']; readonly realm: () => string }

/**
 * Lets somebody through or not, and answers who it is. `pid`: of the project that the name means, once that is known.
 * @throws RegistryError UNAUTHORIZED with a challenge that names what is needed (RFC 6750; distribution, "Token
 * Authentication Specification"): to whoever has shown nothing, or a token that does not say enough, for another token
 * may. DENIED to whoever has shown who they are and may not.
 */
export const permit = async (
  visitor: Visitor | undefined,
  need: Need,
  door: Door,
  pid?: ProjectId,
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
      if (await mayAll(visitor, need, pid)) return visitor
      break
    default:
      need satisfies never
  }
  if (door.shown === 'none') throw unauthorized(need, door)
  if (door.shown === 'bearer') throw unauthorized(need, door, 'insufficient_scope')
  throw new RegistryError('DENIED', { detail: detailOf(need) })
}

const mayAll = async (
  visitor: Visitor,
  { actions, name }: RepositoryScope,
  pid: ProjectId | undefined,
): Promise<boolean> => {
  for (const action of actions) if (!(await visitor.may(action, name, pid))) return false
  return true
}

const unauthorized = (need: Need, { realm }: Door, error?: string): RegistryError => {
  const parts = [
    `realm="${realm()}"`,
    `service="${SERVICE}"`,
    ...(need.kind === 'login' ? [] : [`scope="${wanted(need)}"`]),
    ...(error === undefined ? [] : [`error="${error}"`]),
  ]
  return new RegistryError('UNAUTHORIZED', {
    headers: { 'WWW-Authenticate': `Bearer ${parts.join(',')}` },
    detail: detailOf(need),
  })
}

const wanted = (need: Exclude<Need, { kind: 'login' }>): string => {
  if (need.kind === 'catalog' || need.alsoPull === undefined) return scopeText(need)
  const source = { kind: 'repository', name: need.alsoPull, actions: ['pull'] } as const
  return `${scopeText(need)} ${scopeText(source)}`
}

const detailOf = (need: Need): Readonly<Record<string, unknown>> =>
  need.kind === 'repository'
    ? { name: need.name.given, actions: need.actions }
    : { needed: need.kind }
