import type { Principal } from '../auth/principal.ts'
import { PortError, type Item } from '../ports.ts'
import { getItem } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key } from '../table.ts'
import { rightsOf } from './permissions.ts'
import { FOREVER, parseRobot, parseSecretHash, type Robot } from './robot.ts'
import { verifySecret } from './secret.ts'

/** Why a login failed; for the log, and never for who tried. */
export type LoginFailure = 'unknown' | 'wrong secret' | 'expired' | 'disabled'

export type RobotLogin =
  | { readonly principal: Extract<Principal, { kind: 'robot' }> }
  | { readonly principal: undefined; readonly reason: LoginFailure }

/** The last use is written at most this often: a robot logs in with every pull. */
const USE_MS = 60 * 60 * 1000
/** A login comes from the network, and a key has an end (DynamoDB: 2,048 bytes). */
const LONGEST_LOGIN = 1_000

/** Lets a robot in with its full name and its secret: one read, and nothing to be learned from how long it takes. */
export const authenticateRobot = async (
  store: Store,
  name: string,
  secret: string,
): Promise<RobotLogin> => {
  const { item, login, secretHash } = await readRobotLogin(store, name)
  const isRight = await verifySecret(secretHash, secret, store.passwordCost)
  if (item === undefined) return login
  if (!isRight) return { principal: undefined, reason: 'wrong secret' }
  if (login.principal !== undefined) await recordRobotUse(store, parseRobot(item))
  return login
}

/** What a robot's login would give, and the hash that its secret must have; `undefined`: there is no such robot. */
export const readRobotLogin = async (
  store: Store,
  name: string,
): Promise<{
  readonly login: RobotLogin
  readonly item: Item | undefined
  readonly secretHash: string | undefined
}> => {
  const isName = name !== '' && name.length <= LONGEST_LOGIN / MOST_BYTES_PER_CHARACTER
  const item = isName ? await getItem(store, key.robot(name), 'strong') : undefined
  const login = item === undefined ? UNKNOWN : loginOf(parseRobot(item), store.clock.now())
  return { login, item, secretHash: item === undefined ? undefined : parseSecretHash(item) }
}

/** Whether there is a robot of this full name. */
export const isRobot = async (store: Store, name: string): Promise<boolean> =>
  (await readRobotLogin(store, name)).item !== undefined

const UNKNOWN: RobotLogin = { principal: undefined, reason: 'unknown' }

const loginOf = (robot: Robot, now: number): RobotLogin => {
  if (robot.isDisabled) return { principal: undefined, reason: 'disabled' }
  if (robot.expiresAt !== FOREVER && robot.expiresAt * 1000 <= now) {
    return { principal: undefined, reason: 'expired' }
  }
  const { number, name, permissions } = robot
  return { principal: { kind: 'robot', number, name, ...rightsOf(permissions) } }
}

const MOST_BYTES_PER_CHARACTER = 3

/** Notes that a robot is in use, to the hour; a login does not fail because this does. */
export const recordRobotUse = async (store: Store, robot: Robot): Promise<void> => {
  const now = store.clock.now()
  if ((robot.lastUsedAt ?? 0) + USE_MS > now) return
  const write = async (where: ReturnType<typeof key.robot>): Promise<void> => {
    await store.kv.write({
      op: 'update',
      key: where,
      set: { lastUsedAt: now },
      conditions: [{ kind: 'equals', name: 'number', value: robot.number }],
    })
  }
  const written = await Promise.allSettled([
    write(key.robot(robot.name)),
    write(key.robotListed(robot.pid, robot.number)),
  ])
  for (const one of written) {
    if (one.status === 'rejected' && !(one.reason instanceof PortError)) throw one.reason
  }
}
