import * as z from 'zod'
import type { Permission } from './parse.ts'

/** As the API has them: by project, and by the repositories of it that they are for. */
export const robotPermission = z.object({
  kind: z.string(),
  namespace: z.string(),
  repository: z.string().optional(),
  access: z.array(z.object({ resource: z.string(), action: z.string() })),
})
export type RobotPermission = z.infer<typeof robotPermission>

/** As people write them: `team/app/*:repository:pull`. */
export const textOf = ({ access, namespace, repository }: RobotPermission): string => {
  const where = repository === undefined ? namespace : `${namespace}/${repository}`
  return access.map(({ action, resource }) => `${where}:${resource}:${action}`).join(' ')
}

/** What is there and more; what is there already stays once. */
export const granted = (
  before: readonly RobotPermission[],
  more: readonly Permission[],
): RobotPermission[] => {
  const present = flat(before)
  return grouped([
    ...present,
    ...more.filter((one) => !present.some((other) => isSame(one, other))),
  ])
}

/** What is there and less. */
export const revoked = (
  before: readonly RobotPermission[],
  less: readonly Permission[],
): RobotPermission[] =>
  grouped(flat(before).filter((one) => !less.some((other) => isSame(one, other))))

const flat = (permissions: readonly RobotPermission[]): readonly Permission[] =>
  permissions.flatMap(({ access, namespace, repository }) =>
    access.map(({ action, resource }) => ({ namespace, repository, resource, action })),
  )

const isSame = (one: Permission, other: Permission): boolean =>
  one.namespace === other.namespace &&
  one.repository === other.repository &&
  one.resource === other.resource &&
  one.action === other.action

const grouped = (permissions: readonly Permission[]): RobotPermission[] => {
  const groups = new Map<string, RobotPermission>()
  for (const { action, namespace, repository, resource } of permissions) {
    const name = JSON.stringify([namespace, repository])
    const group = groups.get(name) ?? {
      kind: namespace === '/' ? 'system' : 'project',
      namespace,
      ...(repository === undefined ? {} : { repository }),
      access: [],
    }
    groups.set(name, { ...group, access: [...group.access, { resource, action }] })
  }
  return [...groups.values()]
}
