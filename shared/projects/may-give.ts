import { isNarrowed, mayInProject, type ProjectFacts } from '../auth/access.ts'
import { isProjectPermission } from '../auth/permissions.ts'
import type { Principal } from '../auth/principal.ts'
import { ROLES, ROLES_THAT_MAY, roleMay, type Role } from '../auth/roles.ts'
import { DomainError } from '../errors.ts'

/** Who acts in a project, and what is known of them there. */
export type Actor = { readonly principal: Principal; readonly facts: ProjectFacts }

/**
 * Makes sure that nobody gives or takes a role above their own. A robot, or a token of some
 * permissions, has none: it must have each right of the role.
 * @throws DomainError FORBIDDEN
 */
export const assertMayGive = (actor: Actor, role: Role): void => {
  if (!mayGive(actor, role)) throw new DomainError('FORBIDDEN', `you are less than a ${role} here`)
}

const mayGive = (actor: Actor, role: Role): boolean => {
  const { principal, facts } = actor
  switch (principal.kind) {
    case 'anonymous':
      return false
    case 'user':
      if (isNarrowed(principal)) return mayAll(actor, role)
      return (
        principal.isSysadmin || (facts.role !== undefined && rankOf(facts.role) >= rankOf(role))
      )
    case 'robot':
      return mayAll(actor, role)
    default:
      return principal satisfies never
  }
}

const mayAll = ({ principal, facts }: Actor, role: Role): boolean => {
  // What everybody may in a public project is not what a member may for good.
  const inPrivate = { ...facts, isPublic: false }
  return permissionsOf(role).every((one) => mayInProject(principal, one, inPrivate))
}

const rankOf = (role: Role): number => ROLES.findIndex(({ name }) => name === role)

const permissionsOf = (role: Role) =>
  Object.keys(ROLES_THAT_MAY)
    .filter(isProjectPermission)
    .filter((permission) => roleMay(role, permission))
