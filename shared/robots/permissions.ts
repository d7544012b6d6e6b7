import * as z from 'zod'
import { PATTERN_GRAMMAR } from '../auth/pattern.ts'
import {
  isProjectPermission,
  isSystemPermission,
  type SystemPermission,
} from '../auth/permissions.ts'
import type { ProjectGrant } from '../auth/principal.ts'
import { DomainError } from '../errors.ts'
import type { ProjectId } from '../table.ts'

export const ALL_PROJECTS = '*'
const SYSTEM_NAMESPACE = '/'
const MOST_PERMISSIONS = 100
const MOST_ACCESS = 200
const LONGEST_PATTERN = 255
/** A robot is one item, and an item has at most 400 KB (DynamoDB service limit). */
const MOST_CHARACTERS = 100_000

const permission = z.object({
  kind: z.enum(['system', 'project']),
  namespace: z.string(),
  repository: z.string().max(LONGEST_PATTERN).regex(PATTERN_GRAMMAR).optional(),
  access: z
    .array(
      z.object({
        resource: z.string(),
        action: z.string(),
        effect: z.enum(['allow', '']).optional(),
      }),
    )
    .min(1)
    .max(MOST_ACCESS),
})
const permissions = z.array(permission).max(MOST_PERMISSIONS)

/** A permission as Harbor's API writes it, and for which repositories of the project; without that, for all. */
export type RobotPermission = {
  readonly kind: 'system' | 'project'
  /** `/` for the system, a project's name, or `*` for all projects. */
  readonly namespace: string
  readonly repository?: string | undefined
  readonly access: readonly {
    readonly resource: string
    readonly action: string
    readonly effect?: string | undefined
  }[]
}

/** A permission with its project as it was when it was given: whoever gets the name later does not get the right. */
export type SavedPermission = RobotPermission & { readonly pid?: ProjectId | undefined }

export type Rights = {
  readonly system: readonly SystemPermission[]
  readonly projects: readonly ProjectGrant[]
}

/**
 * Holds permissions to what may be given to a robot of a level.
 * @throws DomainError BAD_REQUEST
 */
export const assertPermissions = (
  level: 'system' | 'project',
  given: readonly RobotPermission[],
): void => {
  const parsed = permissions.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw invalid(`invalid permissions: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`)
  }
  if (given.length === 0) throw invalid('a robot needs a permission')
  if (JSON.stringify(given).length > MOST_CHARACTERS) throw invalid('too many permissions')
  for (const one of given) assertPermission(one)
  if (level === 'system') return
  const namespaces = new Set(given.map(({ namespace }) => namespace))
  if (
    namespaces.size !== 1 ||
    namespaces.has(ALL_PROJECTS) ||
    given.some(({ kind }) => kind !== 'project')
  ) {
    throw invalid('a robot of a project has permissions in that project, and nowhere else')
  }
}

const assertPermission = ({ kind, namespace, repository, access }: RobotPermission): void => {
  const isKnown = kind === 'system' ? isSystemPermission : isProjectPermission
  if (kind === 'system' && (namespace !== SYSTEM_NAMESPACE || repository !== undefined)) {
    throw invalid('a permission of the system has the namespace / and no repository')
  }
  for (const { resource, action } of access) {
    if (isKnown(`${resource}:${action}`)) continue
    throw invalid(`${resource}:${action} is no permission of a ${kind}`.slice(0, 200))
  }
}

/** What permissions come to, as decisions are made by it. */
export const rightsOf = (saved: readonly SavedPermission[]): Rights => ({
  system: saved.filter(({ kind }) => kind === 'system').flatMap(pairs(isSystemPermission)),
  projects: saved.flatMap((one): readonly ProjectGrant[] => {
    // A right in a project that is not known must not become one in every project.
    if (one.kind !== 'project' || (one.pid === undefined && one.namespace !== ALL_PROJECTS)) {
      return []
    }
    const { pid, repository } = one
    return [{ pid, repository, permissions: pairs(isProjectPermission)(one) }]
  }),
})

const pairs =
  <Permission extends string>(isKnown: (text: string) => text is Permission) =>
  ({ access }: RobotPermission): readonly Permission[] =>
    access.map(({ resource, action }) => `${resource}:${action}`).filter(isKnown)

const saved = z.array(permission.extend({ pid: z.string().optional() }))

/** Permissions as an item holds them. */
export const parseSaved = (json: string): readonly SavedPermission[] =>
  saved.parse(JSON.parse(json)).map(({ pid, ...rest }) => ({
    ...rest,
    pid: pid === undefined ? undefined : (pid as ProjectId),
  }))

const invalid = (message: string): DomainError => new DomainError('BAD_REQUEST', message)
