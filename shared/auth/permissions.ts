/** What may be granted: Harbor's resources and actions, as `GET /permissions` lists them to whoever makes a robot. */
export const SYSTEM_PERMISSIONS = {
  'audit-log': ['list'],
  catalog: ['read'],
  'garbage-collection': ['create', 'list', 'read', 'stop', 'update'],
  'jobservice-monitor': ['list', 'stop'],
  label: ['create', 'delete', 'read', 'update'],
  project: ['create', 'list'],
  'purge-audit': ['create', 'list', 'read', 'stop', 'update'],
  quota: ['list', 'read', 'update'],
  registry: ['create', 'delete', 'list', 'read', 'update'],
  replication: ['create', 'list', 'read'],
  'replication-adapter': ['list'],
  'replication-policy': ['create', 'delete', 'list', 'read', 'update'],
  robot: ['create', 'delete', 'list', 'read', 'update'],
  'scan-all': ['create', 'read', 'stop', 'update'],
  scanner: ['create', 'delete', 'list', 'read', 'update'],
  'security-hub': ['list', 'read'],
  'system-volumes': ['read'],
  user: ['create', 'delete', 'list', 'read', 'update'],
  'user-group': ['create', 'delete', 'list', 'read', 'update'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export const PROJECT_PERMISSIONS = {
  accessory: ['list'],
  artifact: ['create', 'delete', 'list', 'read'],
  'artifact-addition': ['read'],
  'artifact-label': ['create', 'delete'],
  'export-cve': ['create', 'read'],
  'immutable-tag': ['create', 'delete', 'list', 'update'],
  label: ['create', 'delete', 'list', 'read', 'update'],
  log: ['list'],
  member: ['create', 'delete', 'list', 'read', 'update'],
  metadata: ['create', 'delete', 'list', 'read', 'update'],
  'notification-policy': ['create', 'delete', 'list', 'read', 'update'],
  project: ['delete', 'read', 'update'],
  quota: ['read'],
  repository: ['delete', 'list', 'pull', 'push', 'read', 'update'],
  robot: ['create', 'delete', 'list', 'read', 'update'],
  sbom: ['create', 'read', 'stop'],
  scan: ['create', 'read', 'stop'],
  scanner: ['create', 'read'],
  tag: ['create', 'delete', 'list'],
  'tag-retention': ['create', 'delete', 'list', 'read', 'update'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type SystemResource = keyof typeof SYSTEM_PERMISSIONS
export type ProjectResource = keyof typeof PROJECT_PERMISSIONS

type PairsOf<Table extends Readonly<Record<string, readonly string[]>>> = {
  [Resource in keyof Table & string]: `${Resource}:${Table[Resource][number]}`
}[keyof Table & string]

/** Something that may be done to the registry as a whole: `robot:create`. */
export type SystemPermission = PairsOf<typeof SYSTEM_PERMISSIONS>
/** Something that may be done in one project: `repository:push`. */
export type ProjectPermission = PairsOf<typeof PROJECT_PERMISSIONS>

const pairs = (table: Readonly<Record<string, readonly string[]>>): ReadonlySet<string> =>
  new Set(
    Object.entries(table).flatMap(([resource, actions]) =>
      actions.map((action) => `${resource}:${action}`),
    ),
  )

const SYSTEM = pairs(SYSTEM_PERMISSIONS)
const PROJECT = pairs(PROJECT_PERMISSIONS)

export const isSystemPermission = (text: string): text is SystemPermission => SYSTEM.has(text)
export const isProjectPermission = (text: string): text is ProjectPermission => PROJECT.has(text)

export const EVERY_SYSTEM_PERMISSION: readonly SystemPermission[] = [...SYSTEM].filter(
  isSystemPermission,
)
export const EVERY_PROJECT_PERMISSION: readonly ProjectPermission[] = [...PROJECT].filter(
  isProjectPermission,
)

/** A permission as Harbor's API writes it. */
export const partsOf = (
  permission: SystemPermission | ProjectPermission,
): { readonly resource: string; readonly action: string } => {
  const [resource = '', action = ''] = permission.split(':')
  return { resource, action }
}
