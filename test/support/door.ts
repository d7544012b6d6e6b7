import { createKeyRing } from '../../shared/auth/key-ring.ts'
import { createGate } from '../../shared/identity/gate.ts'
import { createLogIn } from '../../shared/identity/log-in.ts'
import { createRefreshTokens } from '../../shared/identity/refresh-tokens.ts'
import { createTokenService } from '../../shared/identity/token-service.ts'
import { createTokens } from '../../shared/identity/tokens.ts'
import { createProject } from '../../shared/projects/create.ts'
import { parseProjectName } from '../../shared/projects/name.ts'
import { createRobot } from '../../shared/robots/create.ts'
import { createUser } from '../../shared/users/create.ts'
import { principalOf } from '../../shared/users/items.ts'
import { openMemory } from '../../shared/memory/open.ts'
import { createCounter } from './counter.ts'
import { createTestStore } from './domain.ts'

export const ROBOT = 'robot$ci'

export const PASSWORD = 'Right1234'

/** The users `admin` and `alice`, a robot that may pull everywhere, alice's project `p`, and `open`, which is public. */
export const openDoor = async () => {
  const base = createTestStore()
  const counter = createCounter()
  const store = { ...base, ...counter.wrap({ kv: base.kv, objects: openMemory().objects }) }
  const user = async (name: string, isSysadmin: boolean) =>
    principalOf(await createUser(store, { name, password: PASSWORD, isSysadmin }))
  const admin = await user('admin', true)
  const alice = await user('alice', false)
  await createProject(store, alice, { name: parseProjectName('p') })
  await createProject(store, admin, { name: parseProjectName('open'), isPublic: true })
  await createProject(store, admin, { name: parseProjectName('secret') })
  const access = [{ resource: 'repository', action: 'pull' }] as const
  const { robot, secret } = await createRobot(store, admin, {
    ...{ name: 'ci', level: 'system', durationDays: -1 },
    permissions: [{ kind: 'project', namespace: '*', access }],
  })
  const failures: string[] = []
  const logIn = createLogIn(store, (_login, why) => failures.push(why))
  const keys = createKeyRing(store)
  const tokens = createTokens(store, keys)
  const gate = createGate({ store, tokens, logIn })
  const refreshTokens = createRefreshTokens(store, keys)
  const tokenService = createTokenService({ store, gate, tokens, refreshTokens })
  const door = { gate, keys, tokenService }
  const { pass } = base
  return { store, keys, tokens, gate, door, counter, admin, alice, robot, secret, failures, pass }
}
