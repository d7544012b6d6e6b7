/** Who may do what: the one place that decides. Whatever is not allowed here is denied. */
import type { RepositoryPath } from '../oci/name.ts'
import type { ProjectId } from '../table.ts'
import { matchesPattern } from './pattern.ts'
import type { ProjectPermission, SystemPermission } from './permissions.ts'
import type { Principal, ProjectGrant } from './principal.ts'
import { PUBLIC_PERMISSIONS, roleMay, type Role } from './roles.ts'

/** What a decision needs to know of a project. */
export type ProjectFacts = {
  readonly pid: ProjectId
  readonly isPublic: boolean
  /** Of the asking user, if it is a member. */
  readonly role: Role | undefined
}

/**
 * Whether somebody speaks by a personal access token of some permissions in projects. Such a one may do nothing that is
 * for everybody with an account: make projects, change who they are, give roles by being more.
 */
export const isNarrowed = (principal: Principal): boolean =>
  principal.kind === 'user' && principal.token?.only !== undefined

/** Whether somebody may do something to the registry as a whole. Of users only administrators may. */
export const mayInSystem = (principal: Principal, permission: SystemPermission): boolean => {
  switch (principal.kind) {
    case 'anonymous':
      return false
    case 'user':
      return principal.isSysadmin
    case 'robot':
      return principal.system.includes(permission)
    default:
      return principal satisfies never
  }
}

/** Whether somebody is an administrator of the registry: for what no permission is about, and no robot may. */
export const isAdministrator = (principal: Principal): boolean =>
  principal.kind === 'user' && principal.isSysadmin

/**
 * Whether somebody may do something in a project, or to one repository of it. Without a repository it is asked whether
 * it may be done in the project at all: a robot whose rights are for some repositories has them there only.
 */
export const mayInProject = (
  principal: Principal,
  permission: ProjectPermission,
  { pid, isPublic, role }: ProjectFacts,
  repository?: RepositoryPath,
): boolean => {
  if (isPublic && PUBLIC_PERMISSIONS.has(permission)) return true
  switch (principal.kind) {
    case 'anonymous':
      return false
    case 'user':
      return (
        mayInEveryProject(principal, permission) ||
        (role !== undefined && roleMay(role, permission) && tokenMay(principal, permission))
      )
    case 'robot':
      return principal.projects.some((grant) => grants(grant, permission, pid, repository))
    default:
      return principal satisfies never
  }
}

/** Whether somebody may do something in every project, those to come included, and be it to some repositories only. */
export const mayInEveryProject = (principal: Principal, permission: ProjectPermission): boolean => {
  switch (principal.kind) {
    case 'anonymous':
      return false
    case 'user':
      return (
        principal.isSysadmin ||
        (principal.token?.isOfSysadmin === true && tokenMay(principal, permission))
      )
    case 'robot':
      return principal.projects.some(
        ({ pid, permissions }) => pid === undefined && permissions.includes(permission),
      )
    default:
      return principal satisfies never
  }
}

const tokenMay = (
  { token }: Extract<Principal, { kind: 'user' }>,
  permission: ProjectPermission,
): boolean => token?.only === undefined || token.only.has(permission)

const grants = (
  grant: ProjectGrant,
  permission: ProjectPermission,
  pid: ProjectId,
  repository: RepositoryPath | undefined,
): boolean =>
  (grant.pid === undefined || grant.pid === pid) &&
  grant.permissions.includes(permission) &&
  (grant.repository === undefined ||
    (repository !== undefined && matchesPattern(grant.repository, repository)))
