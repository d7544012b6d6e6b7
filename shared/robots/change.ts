import type { Principal } from '../auth/principal.ts'
import { DomainError } from '../errors.ts'
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key, SCHEMA_VERSION } from '../table.ts'
import { assertDescription, assertDuration } from './grammar.ts'
import { readRobot } from './list.ts'
import { assertMayManage } from './manage.ts'
import { assertPermissions, type RobotPermission } from './permissions.ts'
import { removeRobot } from './remove.ts'
import { resolvePermissions } from './resolve.ts'
import { expiryOf, robotAttributes, type Level, type Robot } from './robot.ts'
import { assertSecret, generateSecret, hashSecret } from './secret.ts'

/** The whole of a robot that may change, as Harbor's PUT has it; what may not change may be said again. */
export type RobotUpdate = {
  /** With or without its prefix. */
  readonly name?: string | undefined
  readonly level?: Level | undefined
  readonly description: string
  readonly isDisabled: boolean
  /** Absent: as it is; so are the permissions, whatever their projects are called by now. */
  readonly durationDays?: number | undefined
  readonly permissions?: readonly RobotPermission[] | undefined
}

/**
 * Changes a robot; its secret stays. Who changes it needs its rights of before and of behind.
 * @throws DomainError BAD_REQUEST, FORBIDDEN, NOT_FOUND
 */
export const updateRobot = async (
  store: Store,
  actor: Principal,
  number: number,
  given: RobotUpdate,
): Promise<Robot> => {
  const { description, isDisabled } = given
  assertDescription(description)
  if (given.durationDays !== undefined) assertDuration(given.durationDays)
  return await contend(store, async () => {
    const before = await readRobot(store, number)
    await assertMayManage(store, actor, 'update', before)
    assertSame(before, given)
    const { durationDays = before.durationDays } = given
    const permissions = await permissionsOf(store, actor, before, given)
    const expiresAt = expiryOf(before.createdAt, durationDays)
    const after = { ...before, description, durationDays, isDisabled, permissions, expiresAt }
    await assertMayManage(store, actor, 'update', after)
    // Behind the rights: whether there is another project is told to nobody who has none there.
    if (before.pid !== undefined && permissions.some(({ pid }) => pid !== before.pid)) {
      throw new DomainError('BAD_REQUEST', 'a robot stays in its project')
    }
    return await write(store, before, after, {})
  })
}

/**
 * Gives a robot another secret and answers it, once; the one before ends at once.
 * @throws DomainError BAD_REQUEST, FORBIDDEN for who has not all of its rights, NOT_FOUND
 */
export const setRobotSecret = async (
  store: Store,
  actor: Principal,
  number: number,
  given = '',
): Promise<string> => {
  if (given !== '') assertSecret(given)
  const secret = given === '' ? generateSecret() : given
  const secretHash = await hashSecret(secret, store.passwordCost)
  await contend(store, async () => {
    const before = await readRobot(store, number)
    await assertMayManage(store, actor, 'update', before)
    return await write(store, before, before, { secretHash })
  })
  return secret
}

/**
 * Deletes a robot; its name is free at once.
 * @throws DomainError FORBIDDEN, NOT_FOUND
 */
export const deleteRobot = async (
  store: Store,
  actor: Principal,
  number: number,
): Promise<void> => {
  const robot = await readRobot(store, number)
  await assertMayManage(store, actor, 'delete', robot)
  const outcome = await removeRobot(store, robot)
  if (outcome === 'gone') throw new DomainError('NOT_FOUND', `no robot ${number}`)
}

const permissionsOf = async (
  store: Store,
  actor: Principal,
  before: Robot,
  { permissions }: RobotUpdate,
): Promise<Robot['permissions']> => {
  if (permissions === undefined) return before.permissions
  assertPermissions(before.level, permissions)
  return await resolvePermissions(store, actor, permissions)
}

const assertSame = (before: Robot, { name, level }: RobotUpdate): void => {
  const isSameName = name === undefined || name === before.name || name === before.shortName
  if (isSameName && (level === undefined || level === before.level)) return
  throw new DomainError('BAD_REQUEST', 'the name and the level of a robot stay as they are')
}

const write = async (
  store: Store,
  before: Robot,
  changed: Robot,
  secret: { readonly secretHash?: string },
): Promise<Robot | typeof AGAIN> => {
  const { name, pid, number, version } = before
  const after = { ...changed, updatedAt: store.clock.now(), version: version + 1 }
  const all = { v: SCHEMA_VERSION, ...robotAttributes(after) }
  const outcome = await transactNamed(store, {
    robot: {
      op: 'update',
      key: key.robot(name),
      set: { ...all, ...secret },
      conditions: [
        { kind: 'equals', name: 'number', value: number },
        { kind: 'equals', name: 'version', value: version },
      ],
    },
    listed: { op: 'update', key: key.robotListed(pid, number), set: all },
  })
  return outcome.done ? after : AGAIN
}
