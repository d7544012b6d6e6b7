import { describe, expect, it } from 'vitest'
import { listAudit } from '../../shared/audit/list.ts'
import { createAuditRecorder } from '../../shared/audit/recorder.ts'
import { createAuditedLogIn, type FailedLogin } from '../../shared/identity/audited-log-in.ts'
import { createProject } from '../../shared/projects/create.ts'
import { parseProjectName } from '../../shared/projects/name.ts'
import { deleteRobot, updateRobot } from '../../shared/robots/change.ts'
import { createRobot } from '../../shared/robots/create.ts'
import { changeSettings } from '../../shared/settings/change.ts'
import { createUser } from '../../shared/users/create.ts'
import { principalOf } from '../../shared/users/items.ts'
import { createToken } from '../../shared/users/tokens.ts'
import { createTestStore } from '../support/domain.ts'

const PASSWORD = 'Right1234'
const HOME = '192.0.2.1'
const MINUTE = 60_000

const open = async () => {
  const store = createTestStore()
  const alice = await createUser(store, { name: 'Alice', password: PASSWORD, isSysadmin: true })
  const admin = principalOf(alice)
  await createProject(store, admin, { name: parseProjectName('p') })
  const { robot, secret } = await createRobot(store, admin, {
    ...{ name: 'ci', level: 'system', durationDays: 1 },
    permissions: [
      { kind: 'project', namespace: 'p', access: [{ resource: 'repository', action: 'pull' }] },
    ],
  })
  const audit = createAuditRecorder(store)
  const told: FailedLogin[] = []
  const logIn = createAuditedLogIn(store, audit, (failed) => told.push(failed))
  const enter = async (name: string, password: string, address = HOME, isLoggedElsewhere = false) =>
    (await logIn({ name, password, address, isLoggedElsewhere })) !== undefined
  /** `login robot robot$ci by robot$ci from 192.0.2.1: true`, the oldest first. */
  const lines = async () => {
    await audit.flush()
    const { entries } = await listAudit(store, ['system'], { limit: 100 })
    return entries
      .map((one) => {
        const what = [one.operation, one.resourceType, one.resource].join(' ')
        return `${what} by ${one.operator} from ${one.address}: ${one.isSuccess}`
      })
      .toReversed()
  }
  return { store, alice, admin, robot, secret, told, enter, lines }
}

describe('who came in', () => {
  it('is in the audit log once an hour for each name and address, whatever was shown', async () => {
    const { alice, enter, lines, secret, store } = await open()
    const { text } = await createToken(store, alice.number, { name: 'ci', scope: 'all' })
    expect(await enter('alice', PASSWORD)).toBe(true)
    store.pass(1)
    expect(await enter('ALICE', text)).toBe(true)
    expect(await enter('robot$ci', secret)).toBe(true)
    store.pass(2 * MINUTE)
    expect(await enter('Alice', PASSWORD)).toBe(true)
    expect(await enter('Alice', PASSWORD, '198.51.100.1')).toBe(true)
    const first = [
      `login user Alice by Alice from ${HOME}: true`,
      `login robot robot$ci by robot$ci from ${HOME}: true`,
      'login user Alice by Alice from 198.51.100.1: true',
    ]
    expect(await lines()).toEqual(first)
    store.pass(60 * MINUTE)
    expect(await enter('Alice', PASSWORD)).toBe(true)
    expect(await lines()).toEqual([...first, first[0]])
  })

  it('is left to what it opens, where that has an entry of its own', async () => {
    const { enter, lines } = await open()
    expect(await enter('alice', PASSWORD, HOME, true)).toBe(true)
    expect(await lines()).toEqual([])
    expect(await enter('alice', 'Wrong1234', HOME, true)).toBe(false)
    expect(await lines()).toEqual([`login user alice by alice from ${HOME}: false`])
  })

  it('is not told of when the settings say so', async () => {
    const { enter, lines, secret, store } = await open()
    await changeSettings(store, { unloggedEvents: ['login_robot'] })
    await enter('robot$ci', secret)
    await enter('alice', PASSWORD)
    expect(await lines()).toEqual([`login user Alice by Alice from ${HOME}: true`])
  })
})

describe('who was not let in', () => {
  it('is in the audit log with where that was, and in the log of the process with why', async () => {
    const { admin, enter, lines, robot, secret, store, told } = await open()
    const disable = async (isDisabled: boolean) =>
      await updateRobot(store, admin, robot.number, { ...robot, isDisabled })
    await enter('alice', 'Wrong1234')
    await enter('nobody', PASSWORD)
    await enter('robot$none', secret)
    await enter('robot$ci', 'Wrong1234')
    await disable(true)
    await enter('robot$ci', secret, '198.51.100.1')
    await disable(false)
    store.pass(25 * 60 * MINUTE)
    await enter('robot$ci', secret, '198.51.100.2')
    await deleteRobot(store, admin, robot.number)
    await enter('robot$ci', secret, '198.51.100.3')
    expect(told.map(({ name, why }) => `${name}: ${why}`)).toEqual([
      'alice: wrong name or password, or too many attempts',
      'nobody: wrong name or password, or too many attempts',
      'robot$none: unknown',
      'robot$ci: wrong secret',
      'robot$ci: disabled',
      'robot$ci: expired',
      'robot$ci: unknown',
    ])
    expect(await lines()).toEqual([
      `login user alice by alice from ${HOME}: false`,
      `login user nobody by nobody from ${HOME}: false`,
      `login user robot$none by robot$none from ${HOME}: false`,
      `login user robot$ci by robot$ci from ${HOME}: false`,
      'login user robot$ci by robot$ci from 198.51.100.1: false',
      'login user robot$ci by robot$ci from 198.51.100.2: false',
      'login user robot$ci by robot$ci from 198.51.100.3: false',
    ])
  })

  it('leaves no secret in either log, and no more of a name than can be read', async () => {
    const { enter, lines, secret, told } = await open()
    await enter('alice', `${PASSWORD}x`)
    await enter('robot$ci', `${secret}x`)
    await enter('x'.repeat(10_000), PASSWORD)
    const logged = JSON.stringify([told, await lines()])
    for (const word of [PASSWORD, secret]) expect(logged).not.toContain(word)
    expect(told.at(-1)?.name).toHaveLength(255)
    expect((await lines()).at(-1)?.length).toBeLessThan(2_200)
  })
})
