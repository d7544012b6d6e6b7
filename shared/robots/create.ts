import type { Principal } from '../auth/principal.ts'
import { DomainError } from '../errors.ts'
import type { TransactOperation } from '../ports.ts'
import { readSettings } from '../settings/read.ts'
import { count, readCounter, type Counter, takeNumber } from '../store/numbers.ts'
import { getItem } from '../store/query.ts'
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key, SCHEMA_VERSION } from '../table.ts'
import { assertDescription, assertDuration, assertName } from './grammar.ts'
import { assertMayManage } from './manage.ts'
import { assertPermissions, type RobotPermission } from './permissions.ts'
import { removeRobot } from './remove.ts'
import { resolvePermissions } from './resolve.ts'
import {
  expiryOf,
  parseRobot,
  parseRobotNumber,
  robotAttributes,
  type Creator,
  type Level,
  type Robot,
} from './robot.ts'
import { assertSecret, generateSecret, hashSecret } from './secret.ts'

export type NewRobot = {
  /** Without prefix and project. */
  readonly name: string
  readonly level: Level
  readonly description?: string | undefined
  /** -1: as long as it is not deleted; absent: what the settings say. */
  readonly durationDays?: number | undefined
  readonly permissions: readonly RobotPermission[]
  /** Absent or empty: one is made. */
  readonly secret?: string | undefined
  readonly isDisabled?: boolean | undefined
  /** What its full name begins with; what the settings say if absent. */
  readonly prefix?: string | undefined
}

/** `secret` is to be shown once: nobody can read it later. */
export type CreatedRobot = { readonly robot: Robot; readonly secret: string }

/**
 * Makes a robot with no right that its creator does not have; users who are no administrators make robots of their
 * projects only.
 * @throws DomainError BAD_REQUEST, FORBIDDEN, NOT_FOUND for an unknown project, CONFLICT when the name is taken
 */
export const createRobot = async (
  store: Store,
  creator: Principal,
  given: NewRobot,
): Promise<CreatedRobot> => {
  const { name, level, description = '', isDisabled = false } = given
  const settings = await readSettings(store)
  const { durationDays = settings.robotDurationDays, prefix = settings.robotPrefix } = given
  assertName(name)
  assertDescription(description)
  assertDuration(durationDays)
  assertPermissions(level, given.permissions)
  const isGiven = given.secret !== undefined && given.secret !== ''
  const secret = isGiven ? given.secret : generateSecret()
  if (isGiven) assertSecret(secret)
  const permissions = await resolvePermissions(store, creator, given.permissions)
  const [first] = permissions
  const isOfProject = level === 'project' && first !== undefined
  const pid = isOfProject ? first.pid : undefined
  await assertMayManage(store, creator, 'create', { level, pid, permissions })
  const createdAt = store.clock.now()
  const robot = {
    name: robotName({ prefix, project: isOfProject ? first.namespace : undefined, name }),
    shortName: name,
    ...{ level, pid, description, durationDays, isDisabled, permissions, createdAt },
    expiresAt: expiryOf(createdAt, durationDays),
    creator: creatorOf(creator),
    updatedAt: createdAt,
    version: 1,
    lastUsedAt: undefined,
  }
  return { robot: await insert(store, robot, await hashSecret(secret, store.passwordCost)), secret }
}

/** What a robot logs in as. */
export const robotName = ({
  prefix,
  project,
  name,
}: {
  readonly prefix: string
  /** Of a robot of level `project`. */
  readonly project: string | undefined
  readonly name: string
}): string => `${prefix}${project === undefined ? '' : `${project}+`}${name}`

const insert = async (
  store: Store,
  given: Omit<Robot, 'number'>,
  secretHash: string,
): Promise<Robot> =>
  await contend(store, async () => {
    const before = await readCounter(store, 'robots')
    const robot: Robot = { ...given, number: parseRobotNumber(before.last + 1) }
    const outcome = await transactNamed(store, newItems(robot, secretHash, before))
    if (outcome.done) return robot
    if (outcome.refused.has('project')) throw new DomainError('NOT_FOUND', 'no such project')
    if (outcome.refused.has('robot') && !(await removeOrphan(store, robot))) {
      throw new DomainError('CONFLICT', `the robot ${robot.name} exists already`)
    }
    return AGAIN
  })

const newItems = (robot: Robot, secretHash: string, before: Counter) => {
  const { name, number, pid } = robot
  const all = { v: SCHEMA_VERSION, ...robotAttributes(robot) }
  const absent = [{ kind: 'absent' }] as const
  return {
    robot: { op: 'put', item: { ...key.robot(name), ...all, secretHash }, conditions: absent },
    number: {
      op: 'put',
      item: { ...key.robotNumber(number), v: SCHEMA_VERSION, name },
      conditions: absent,
    },
    listed: { op: 'put', item: { ...key.robotListed(pid, number), ...all } },
    // What is counted here besides numbers are the robots of the system; projects count their own.
    robots: takeNumber('robots', before, { counts: pid === undefined }),
    robotsOfProject: pid === undefined ? undefined : count(`robots#${pid}`, 1),
    project:
      pid === undefined
        ? undefined
        : { op: 'check', key: key.project(pid), conditions: [{ kind: 'exists' }] },
  } as const satisfies Readonly<Record<string, TransactOperation | undefined>>
}

/** Frees a name that belongs to a robot of a deleted project, left behind by a deletion that did not come to its end. */
const removeOrphan = async (store: Store, { name, pid }: Robot): Promise<boolean> => {
  const item = await getItem(store, key.robot(name), 'strong')
  if (item === undefined) return true
  const other = parseRobot(item)
  if (other.pid === undefined || other.pid === pid) return false
  await removeRobot(store, other)
  return true
}

const creatorOf = (creator: Principal): Creator => {
  if (creator.kind === 'anonymous') throw new DomainError('FORBIDDEN', 'anonymous makes no robots')
  return { type: creator.kind === 'user' ? 'local' : 'robot', number: creator.number }
}
