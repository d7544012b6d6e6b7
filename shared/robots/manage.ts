import { mayInProject, mayInSystem } from '../auth/access.ts'
import type { ProjectPermission } from '../auth/permissions.ts'
import type { Principal, ProjectGrant } from '../auth/principal.ts'
import { DomainError } from '../errors.ts'
import { readProjectFacts } from '../projects/find.ts'
import type { Store } from '../store/store.ts'
import type { ProjectId } from '../table.ts'
import { includesPattern } from './pattern-inclusion.ts'
import { rightsOf, type Rights } from './permissions.ts'
import type { Robot } from './robot.ts'

export type RobotAction = 'create' | 'update' | 'delete'

/**
 * Makes sure that somebody may do something to a robot, and that it has no right which they have not. Both for robots
 * that are made or changed and before somebody learns their secret: a robot's rights are those of whoever holds it.
 * @throws DomainError FORBIDDEN
 */
export const assertMayManage = async (
  store: Store,
  actor: Principal,
  action: RobotAction,
  robot: Pick<Robot, 'level' | 'pid' | 'permissions'>,
): Promise<void> => {
  const rights = rightsOf(robot.permissions)
  const isAllowed =
    (await mayTouch(store, actor, action, robot)) &&
    (action === 'delete' || (await covers(store, actor, rights)))
  if (!isAllowed) throw new DomainError('FORBIDDEN', `you may not ${action} this robot`)
}

/**
 * Makes sure that somebody may look at a robot.
 * @throws DomainError FORBIDDEN
 */
export const assertMayRead = async (
  store: Store,
  actor: Principal,
  robot: Pick<Robot, 'level' | 'pid'>,
): Promise<void> => {
  if (!(await mayTouch(store, actor, 'read', robot))) {
    throw new DomainError('FORBIDDEN', 'you may not read this robot')
  }
}

const mayTouch = async (
  store: Store,
  actor: Principal,
  action: RobotAction | 'read',
  { level, pid }: Pick<Robot, 'level' | 'pid'>,
): Promise<boolean> => {
  if (mayInSystem(actor, `robot:${action}`)) return true
  if (level === 'system' || pid === undefined) return false
  return await may(store, actor, `robot:${action}`, pid)
}

const covers = async (store: Store, actor: Principal, rights: Rights): Promise<boolean> => {
  switch (actor.kind) {
    case 'anonymous':
      return false
    case 'user':
      return actor.isSysadmin || (await coversAsMember(store, actor, rights))
    case 'robot':
      return (
        rights.system.every((permission) => actor.system.includes(permission)) &&
        rights.projects.every((grant) => coversAsRobot(actor.projects, grant))
      )
    default:
      return actor satisfies never
  }
}

const coversAsMember = async (
  store: Store,
  actor: Principal,
  { system, projects }: Rights,
): Promise<boolean> => {
  if (system.length > 0) return false
  const answers = await Promise.all(
    projects.map(
      async ({ pid, permissions }) =>
        pid !== undefined && (await mayAll(store, actor, permissions, pid)),
    ),
  )
  return answers.every(Boolean)
}

/** By meaning and not by the letter: one right of the actor may cover several of the robot's, and a wider one a narrower. */
const coversAsRobot = (own: readonly ProjectGrant[], grant: ProjectGrant): boolean =>
  grant.permissions.every((permission) =>
    own.some(
      ({ pid, repository, permissions }) =>
        permissions.includes(permission) &&
        (pid === undefined || pid === grant.pid) &&
        (repository === undefined ||
          (grant.repository !== undefined && includesPattern(repository, grant.repository))),
    ),
  )

const may = async (
  store: Store,
  actor: Principal,
  permission: ProjectPermission,
  pid: ProjectId,
): Promise<boolean> => await mayAll(store, actor, [permission], pid)

const mayAll = async (
  store: Store,
  actor: Principal,
  permissions: readonly ProjectPermission[],
  pid: ProjectId,
): Promise<boolean> => {
  const facts = await readProjectFacts(store, actor, { pid })
  if (facts === undefined) return false
  // What everybody may in a public project is not theirs to give: it may become private.
  const inPrivate = { ...facts, isPublic: false }
  return permissions.every((permission) => mayInProject(actor, permission, inPrivate))
}
