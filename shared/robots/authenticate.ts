import type { Principal } from '../auth/principal.ts'
import { PortError } from '../ports.ts'
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
  login: string,
  secret: string,
): Promise<RobotLogin> => {
  const isName = login !== '' && login.length <= LONGEST_LOGIN / MOST_BYTES_PER_CHARACTER
  const item = isName ? await getItem(store, key.robot(login), 'strong') : undefined
  const stored = item === undefined ? undefined : parseSecretHash(item)
  const isRight = await verifySecret(stored, secret)
  if (item === undefined) return { principal: undefined, reason: 'unknown' }
  if (!isRight) return { principal: undefined, reason: 'wrong secret' }
  const robot = parseRobot(item)
  const now = store.clock.now()
  if (robot.isDisabled) return { principal: undefined, reason: 'disabled' }
  if (robot.expiresAt !== FOREVER && robot.expiresAt * 1000 <= now) {
    return { principal: undefined, reason: 'expired' }
  }
  if ((robot.lastUsedAt ?? 0) + USE_MS <= now) await recordUse(store, robot, now)
  const { number, name, permissions } = robot
  return { principal: { kind: 'robot', number, name, ...rightsOf(permissions) } }
}

const MOST_BYTES_PER_CHARACTER = 3

/** A login does not fail because this does. */
const recordUse = async (store: Store, robot: Robot, now: number): Promise<void> => {
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
