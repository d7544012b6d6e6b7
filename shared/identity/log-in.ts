import { beginAttempt } from '../auth/lockout.ts'
import {
  authenticateRobot,
  isRobot,
  type LoginFailure as RobotFailure,
} from '../robots/authenticate.ts'
import type { Store } from '../store/store.ts'
import { authenticate } from '../users/authenticate.ts'
import { fold } from '../users/names.ts'
import { authenticateToken, parseTokenText } from '../users/tokens.ts'
import type { Identity } from './identity.ts'

/** What only robots have in their names: users must not. */
const ONLY_IN_ROBOTS = '$'

export type Login = {
  readonly name: string
  readonly password: string
  /** Of the client, as far as it can be trusted. */
  readonly address: string
  /** Whether it opens something, such as a session, whose beginning is logged by itself. */
  readonly isLoggedElsewhere?: boolean | undefined
}

/** Why somebody was not let in: for the log and never for whoever tried. */
export type LoginFailure = RobotFailure | 'wrong name or password, or too many attempts'

/** `undefined`: refused; who, from where and why was reported. */
export type LogIn = (login: Login) => Promise<Identity | undefined>

/**
 * The one way in: a user with the password or with a personal access token instead of it, or a robot with its secret.
 * Whoever guesses is slowed down. However it is refused, the answer is the same, and so is the time that it takes.
 */
export const createLogIn =
  (store: Store, report: (login: Login, why: LoginFailure) => void): LogIn =>
  async (login) => {
    const identified = await identify(store, login)
    if ('identity' in identified) return identified.identity
    report(login, identified.why)
    return undefined
  }

type Identified = { readonly identity: Identity } | { readonly why: LoginFailure }

const REFUSED = { why: 'wrong name or password, or too many attempts' } as const

const identify = async (store: Store, login: Login): Promise<Identified> => {
  const { address, name, password } = login
  if (parseTokenText(password) !== undefined) return await byToken(store, login)
  if (name.includes(ONLY_IN_ROBOTS)) return await asRobot(store, login)
  // Administrators choose what the names of robots begin with, and users may have names that look like them.
  if (await isRobot(store, name)) {
    const robot = await asRobot(store, login)
    if ('identity' in robot) return robot
  }
  const principal = await authenticate(store, { login: name, password, address })
  return principal === undefined ? REFUSED : { identity: { principal, tokenId: undefined } }
}

/** 256 random bits: there is nothing to be guessed, so attempts are not counted. */
const byToken = async (store: Store, { name, password }: Login): Promise<Identified> => {
  const found = await authenticateToken(store, password)
  if (found === undefined || fold(found.principal.name) !== fold(name)) return REFUSED
  return { identity: { principal: found.principal, tokenId: found.tokenId } }
}

/** The attempt is begun beside the look-up, not before it: a robot's login is one round trip. */
const asRobot = async (store: Store, { address, name, password }: Login): Promise<Identified> => {
  const [attempt, login] = await Promise.all([
    beginAttempt(store, { login: name, address }),
    authenticateRobot(store, name, password),
  ])
  if (attempt === undefined) return REFUSED
  if (login.principal === undefined) {
    await attempt.failed()
    return { why: login.reason }
  }
  await attempt.succeeded()
  return { identity: { principal: login.principal, tokenId: undefined } }
}
