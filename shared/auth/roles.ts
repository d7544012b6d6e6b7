/**
 * The roles of a member of a project, and what each may do there. The table says what Harbor's roles may
 * (`rbac_role.go`); every line names the roles from the least that has the permission.
 */
import type { ProjectPermission } from './permissions.ts'

/** From the least to the most powerful, with the number that Harbor's API gives each. */
export const ROLES = [
  { name: 'limitedGuest', id: 5 },
  { name: 'guest', id: 3 },
  { name: 'developer', id: 2 },
  { name: 'maintainer', id: 4 },
  { name: 'projectAdmin', id: 1 },
] as const

export type Role = (typeof ROLES)[number]['name']
export type RoleId = (typeof ROLES)[number]['id']

const EVERY = ['limitedGuest', 'guest', 'developer', 'maintainer', 'projectAdmin'] as const
const FROM_GUEST = ['guest', 'developer', 'maintainer', 'projectAdmin'] as const
const FROM_DEVELOPER = ['developer', 'maintainer', 'projectAdmin'] as const
const FROM_MAINTAINER = ['maintainer', 'projectAdmin'] as const
const ADMIN = ['projectAdmin'] as const

/** Who may, by permission; `satisfies` makes sure that none is forgotten. */
export const ROLES_THAT_MAY = {
  'accessory:list': EVERY,
  'artifact:create': FROM_DEVELOPER,
  'artifact:delete': FROM_MAINTAINER,
  'artifact:list': EVERY,
  'artifact:read': EVERY,
  'artifact-addition:read': EVERY,
  'artifact-label:create': FROM_DEVELOPER,
  'artifact-label:delete': FROM_DEVELOPER,
  'export-cve:create': FROM_DEVELOPER,
  'export-cve:read': FROM_DEVELOPER,
  'immutable-tag:create': FROM_MAINTAINER,
  'immutable-tag:delete': FROM_MAINTAINER,
  'immutable-tag:list': FROM_MAINTAINER,
  'immutable-tag:update': FROM_MAINTAINER,
  'label:create': FROM_MAINTAINER,
  'label:delete': FROM_MAINTAINER,
  'label:list': FROM_GUEST,
  'label:read': FROM_GUEST,
  'label:update': FROM_MAINTAINER,
  'log:list': FROM_GUEST,
  'member:create': ADMIN,
  'member:delete': ADMIN,
  'member:list': FROM_GUEST,
  'member:read': FROM_GUEST,
  'member:update': ADMIN,
  'metadata:create': FROM_MAINTAINER,
  'metadata:delete': FROM_MAINTAINER,
  'metadata:list': FROM_MAINTAINER,
  'metadata:read': FROM_MAINTAINER,
  'metadata:update': FROM_MAINTAINER,
  'notification-policy:create': ADMIN,
  'notification-policy:delete': ADMIN,
  'notification-policy:list': FROM_MAINTAINER,
  'notification-policy:read': ADMIN,
  'notification-policy:update': ADMIN,
  'project:delete': ADMIN,
  'project:read': EVERY,
  'project:update': ADMIN,
  'quota:read': EVERY,
  'repository:delete': FROM_MAINTAINER,
  'repository:list': EVERY,
  'repository:pull': EVERY,
  'repository:push': FROM_DEVELOPER,
  'repository:read': FROM_GUEST,
  'repository:update': FROM_DEVELOPER,
  'robot:create': ADMIN,
  'robot:delete': ADMIN,
  'robot:list': FROM_GUEST,
  'robot:read': FROM_GUEST,
  'robot:update': ADMIN,
  'sbom:create': FROM_MAINTAINER,
  'sbom:read': EVERY,
  'sbom:stop': FROM_MAINTAINER,
  'scan:create': FROM_MAINTAINER,
  'scan:read': EVERY,
  'scan:stop': FROM_MAINTAINER,
  'scanner:create': ADMIN,
  'scanner:read': EVERY,
  'tag:create': FROM_DEVELOPER,
  'tag:delete': FROM_MAINTAINER,
  'tag:list': EVERY,
  'tag-retention:create': FROM_DEVELOPER,
  'tag-retention:delete': FROM_DEVELOPER,
  'tag-retention:list': FROM_DEVELOPER,
  'tag-retention:read': FROM_DEVELOPER,
  'tag-retention:update': FROM_DEVELOPER,
} as const satisfies Readonly<Record<ProjectPermission, readonly Role[]>>

/** What everybody may in a public project, without being a member and without a name. */
export const PUBLIC_PERMISSIONS: ReadonlySet<ProjectPermission> = new Set<ProjectPermission>([
  'accessory:list',
  'artifact:list',
  'artifact:read',
  'artifact-addition:read',
  'label:list',
  'label:read',
  'project:read',
  'repository:list',
  'repository:pull',
  'repository:read',
  'sbom:read',
  'scan:read',
  'scanner:read',
  'tag:list',
])

export const roleMay = (role: Role, permission: ProjectPermission): boolean =>
  (ROLES_THAT_MAY[permission] as readonly Role[]).includes(role)

export const roleOfId = (id: number): Role | undefined => ROLES.find((role) => role.id === id)?.name

export const idOfRole = (name: Role): RoleId => {
  const found = ROLES.find((role) => role.name === name)
  if (found === undefined) throw new RangeError(`no role ${name}`)
  return found.id
}
