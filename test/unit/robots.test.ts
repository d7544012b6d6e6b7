import { describe, expect, it } from 'vitest'
import { mayInProject, mayInSystem } from '../../shared/auth/access.ts'
import type { Principal } from '../../shared/auth/principal.ts'
import type { Role } from '../../shared/auth/roles.ts'
import { addMember } from '../../shared/projects/add-member.ts'
import { createProject } from '../../shared/projects/create.ts'
import { deleteProject } from '../../shared/projects/delete.ts'
import { readProjectFacts } from '../../shared/projects/find.ts'
import { parseProjectName } from '../../shared/projects/name.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { authenticateRobot } from '../../shared/robots/authenticate.ts'
import {
  deleteRobot,
  setRobotSecret,
  updateRobot,
  type RobotUpdate,
} from '../../shared/robots/change.ts'
import { createRobot, type NewRobot } from '../../shared/robots/create.ts'
import { listRobots, readRobot } from '../../shared/robots/list.ts'
import { includesPattern } from '../../shared/robots/pattern-inclusion.ts'
import type { RobotPermission } from '../../shared/robots/permissions.ts'
import { generateSecret, hashSecret, verifySecret } from '../../shared/robots/secret.ts'
import { key } from '../../shared/table.ts'
import { createTestStore, createTestUser, refusalOf } from '../support/domain.ts'

const HOUR_MS = 60 * 60 * 1000
const GIVEN = 'Given-Secret-1'
const { path: PATH } = parseRepositoryName('team/app/api')

const may = (namespace: string, text: string, repository?: string): RobotPermission => ({
  kind: namespace === '/' ? 'system' : 'project',
  namespace,
  ...(repository === undefined ? {} : { repository }),
  access: text.split(' ').map((pair) => {
    const [resource = '', action = ''] = pair.split(':')
    return { resource, action }
  }),
})

const start = async () => {
  const store = createTestStore()
  const admin = await createTestUser(store, 1, { isSysadmin: true })
  const alice = await createTestUser(store, 2)
  const { pid } = await createProject(store, alice, { name: parseProjectName('team') })
  await createProject(store, admin, { name: parseProjectName('other'), isPublic: true })
  const system = async (
    name: string,
    permissions: readonly RobotPermission[],
    by: Principal = admin,
    given: Partial<NewRobot> = {},
  ) =>
    await createRobot(store, by, { name, level: 'system', durationDays: -1, permissions, ...given })
  const ofProject = async (
    name: string,
    permissions: readonly RobotPermission[] = [may('team', 'repository:pull')],
    by: Principal = alice,
    given: Partial<NewRobot> = {},
  ) => await system(name, permissions, by, { level: 'project', ...given })
  const login = async (name: string, secret: string) => {
    const answer = await authenticateRobot(store, name, secret)
    return answer.principal ?? answer.reason
  }
  const robotOf = async (name: string, permissions: readonly RobotPermission[]) => {
    const { robot, secret } = await system(name, permissions)
    const answer = await login(robot.name, secret)
    if (typeof answer === 'string') throw new Error(answer)
    return { principal: answer, robot }
  }
  return { store, admin, alice, pid, system, ofProject, login, robotOf }
}

describe('a robot', () => {
  it('logs in under its full name, with what its permissions say and no more', async () => {
    const { store, pid, ofProject, system, login } = await start()
    const one = await ofProject('ci', [may('team', 'repository:push', 'app/**')])
    expect(one.robot.name).toBe('robot$team+ci')
    const principal = await login('robot$team+ci', one.secret)
    if (typeof principal === 'string') throw new Error(principal)
    const facts = { pid, isPublic: false, role: undefined }
    expect(mayInProject(principal, 'repository:push', facts, PATH)).toBe(true)
    const { path } = parseRepositoryName('team/web')
    expect(mayInProject(principal, 'repository:push', facts, path)).toBe(false)
    expect(mayInProject(principal, 'repository:pull', facts, PATH)).toBe(false)
    const two = await system('ci', [may('*', 'repository:pull'), may('/', 'catalog:read')])
    const everywhere = await login('robot$ci', two.secret)
    if (typeof everywhere === 'string') throw new Error(everywhere)
    expect(mayInSystem(everywhere, 'catalog:read')).toBe(true)
    const other = await readProjectFacts(store, everywhere, { name: parseProjectName('other') })
    expect(other && mayInProject(everywhere, 'repository:pull', other, PATH)).toBe(true)
  })

  it('does not log in with a wrong secret, when disabled, expired or unknown', async () => {
    const { store, system, login } = await start()
    const permissions = [may('*', 'repository:pull')]
    const { secret } = await system('a', permissions, undefined, { durationDays: 1 })
    expect(await login('robot$a', `${secret}x`)).toBe('wrong secret')
    expect(await login('robot$a', generateSecret())).toBe('wrong secret')
    expect(await login('robot$a', '')).toBe('wrong secret')
    expect(await login('robot$b', secret)).toBe('unknown')
    expect(await login('robot$b', 'x')).toBe('unknown')
    expect(await login('', secret)).toBe('unknown')
    expect(await login('x'.repeat(5000), secret)).toBe('unknown')
    const off = await system('off', permissions, undefined, { isDisabled: true, prefix: 'bot-' })
    expect(await login('bot-off', off.secret)).toBe('disabled')
    store.pass(25 * HOUR_MS)
    expect(await login('robot$a', secret)).toBe('expired')
  })

  it('has the secret that was given, or one that nobody can guess', async () => {
    const { system, login } = await start()
    const permissions = [may('*', 'repository:pull')]
    const given = await system('a', permissions, undefined, { secret: GIVEN })
    expect(given.secret).toBe(GIVEN)
    expect(await login('robot$a', GIVEN)).toMatchObject({ kind: 'robot' })
    const { secret } = await system('b', permissions)
    expect(secret).toMatch(/^(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])[A-Za-z0-9]{32}$/)
    const weak = system('c', permissions, undefined, { secret: 'password' })
    expect(await refusalOf(weak)).toBe('BAD_REQUEST')
  })

  it('has a name that one of many wins', async () => {
    const { store, ofProject, pid } = await start()
    const answers = await Promise.all(
      [1, 2, 3, 4].map(async () => await refusalOf(ofProject('ci'))),
    )
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(1)
    expect(answers.filter((answer) => answer === 'CONFLICT')).toHaveLength(3)
    expect(await listRobots(store, { pid, limit: 9 })).toMatchObject({ total: 1 })
  })

  it('has its last use written once an hour', async () => {
    const { store, robotOf, system, login } = await start()
    expect((await robotOf('x', [may('*', 'repository:pull')])).robot.lastUsedAt).toBeUndefined()
    const { robot, secret } = await system('a', [may('*', 'repository:pull')])
    const used = async () => {
      await login(robot.name, secret)
      return (await readRobot(store, robot.number)).lastUsedAt ?? 0
    }
    const first = await used()
    store.pass(HOUR_MS / 2)
    expect(await used()).toBe(first)
    store.pass(HOUR_MS)
    const later = await used()
    expect(later).toBeGreaterThan(first)
    const { entries } = await listRobots(store, { pid: undefined, limit: 9 })
    expect(entries.at(-1)?.lastUsedAt).toBe(later)
  })

  it('has no right in a project that gets the name of its own later, and leaves its name free', async () => {
    const { store, alice, pid, ofProject, robotOf } = await start()
    await ofProject('ci')
    const { principal } = await robotOf('wide', [may('team', 'repository:pull')])
    const orphan = await store.kv.get(key.robot('robot$team+ci'), 'strong')
    await deleteProject(store, pid)
    await createProject(store, alice, { name: parseProjectName('team') })
    const facts = await readProjectFacts(store, principal, { name: parseProjectName('team') })
    expect(facts && mayInProject(principal, 'repository:pull', facts, PATH)).toBe(false)
    // As if the deletion had broken off.
    if (orphan !== undefined) await store.kv.write({ op: 'put', item: orphan })
    await ofProject('ci')
    expect(await refusalOf(ofProject('ci'))).toBe('CONFLICT')
  })
})

describe('the permissions of a robot', () => {
  it('are those that there are, in the shape of its level', async () => {
    const { system, ofProject, admin } = await start()
    const pull = may('team', 'repository:pull')
    const bad: (readonly RobotPermission[])[] = [
      [may('team', 'repository:fly')],
      [may('/', 'repository:pull')],
      [may('team', 'repository:pull', 'A/../b')],
      [{ ...may('/', 'catalog:read'), repository: 'a' }],
      [{ ...pull, access: [] }],
      [{ ...pull, access: [{ resource: 'repository', action: 'pull', effect: 'deny' }] }],
    ]
    for (const permissions of bad) {
      expect(await refusalOf(system('a', permissions))).toBe('BAD_REQUEST')
    }
    for (const permissions of [
      [],
      [may('*', 'repository:pull')],
      [pull, may('other', 'repository:pull')],
      [pull, may('/', 'catalog:read')],
    ]) {
      expect(await refusalOf(ofProject('a', permissions, admin))).toBe('BAD_REQUEST')
    }
    expect(await refusalOf(system('a', [may('nowhere', 'repository:pull')]))).toBe('NOT_FOUND')
    for (const given of [{ durationDays: 0 }, { durationDays: 1.5 }, { name: 'a+b' }]) {
      expect(await refusalOf(system('a', [pull], admin, given))).toBe('BAD_REQUEST')
    }
  })
})

describe('nobody gets more by a robot than they have', () => {
  it('as a user without administration', async () => {
    const { store, alice, ofProject, system } = await start()
    expect(await refusalOf(ofProject('a'))).toBeUndefined()
    const pull = may('team', 'repository:pull')
    expect(await refusalOf(system('b', [pull], alice))).toBe('FORBIDDEN')
    expect(await refusalOf(system('b', [may('/', 'catalog:read')], alice))).toBe('FORBIDDEN')
    for (const namespace of ['other', 'nowhere']) {
      const permissions = [may(namespace, 'repository:pull')]
      expect(await refusalOf(ofProject('c', permissions))).toBe('FORBIDDEN')
    }
    const facts = await readProjectFacts(store, alice, { name: parseProjectName('team') })
    if (facts === undefined) throw new Error('no project')
    const roles: Role[] = ['maintainer', 'developer']
    for (const [index, role] of roles.entries()) {
      const user = await createTestUser(store, 10 + index)
      const member = { user: user.number, userName: user.name, role }
      await addMember(store, { principal: alice, facts }, member)
      expect(await refusalOf(ofProject('d', [pull], user))).toBe('FORBIDDEN')
    }
    const stranger = await createTestUser(store, 20)
    expect(await refusalOf(ofProject('d', [pull], stranger))).toBe('FORBIDDEN')
    expect(await refusalOf(ofProject('d', [pull], { kind: 'anonymous' }))).toBe('FORBIDDEN')
  })

  it('as a robot, by meaning and not by the letter', async () => {
    const { robotOf, system, ofProject } = await start()
    const { principal } = await robotOf('maker', [
      may('/', 'robot:create catalog:read'),
      may('*', 'repository:pull'),
      may('team', 'repository:push', 'app/**'),
    ])
    const tries = async (name: string, ...permissions: readonly RobotPermission[]) =>
      await refusalOf(system(name, permissions, principal))
    expect(await tries('a', may('team', 'repository:pull'))).toBeUndefined()
    expect(await tries('b', may('*', 'repository:pull', 'x/*'))).toBeUndefined()
    expect(await tries('c', may('team', 'repository:push', 'app/api'))).toBeUndefined()
    expect(await tries('d', may('team', 'repository:push', 'app/*'))).toBeUndefined()
    expect(
      await tries('e', may('/', 'catalog:read'), may('other', 'repository:pull')),
    ).toBeUndefined()
    expect(await tries('f', may('team', 'repository:push'))).toBe('FORBIDDEN')
    expect(await tries('f', may('team', 'repository:push', '**'))).toBe('FORBIDDEN')
    expect(await tries('f', may('*', 'repository:push', 'app/api'))).toBe('FORBIDDEN')
    expect(await tries('f', may('other', 'repository:push', 'app/api'))).toBe('FORBIDDEN')
    expect(await tries('f', may('/', 'user:create'))).toBe('FORBIDDEN')
    expect(await tries('f', may('team', 'artifact:list'))).toBe('FORBIDDEN')
    const weaker = await robotOf('weaker', [may('team', 'robot:create repository:pull')])
    expect(await refusalOf(ofProject('g', undefined, weaker.principal))).toBeUndefined()
    expect(await refusalOf(system('h', [may('team', 'repository:pull')], weaker.principal))).toBe(
      'FORBIDDEN',
    )
  })

  it('as a robot that takes over a stronger one', async () => {
    const { store, robotOf, login } = await start()
    const { principal } = await robotOf('keeper', [
      may('/', 'robot:update'),
      may('team', 'repository:pull'),
    ])
    const strong = await robotOf('strong', [may('*', 'repository:push')])
    const weak = await robotOf('weak', [may('team', 'repository:pull')])
    const strongNumber = strong.robot.number
    expect(await refusalOf(setRobotSecret(store, principal, strongNumber))).toBe('FORBIDDEN')
    const less: RobotUpdate = {
      description: '',
      isDisabled: false,
      durationDays: -1,
      permissions: [may('team', 'repository:pull')],
    }
    expect(await refusalOf(updateRobot(store, principal, strongNumber, less))).toBe('FORBIDDEN')
    const more = { ...less, permissions: [may('team', 'repository:push')] }
    const weakNumber = weak.robot.number
    expect(await refusalOf(updateRobot(store, principal, weakNumber, more))).toBe('FORBIDDEN')
    const secret = await setRobotSecret(store, principal, weakNumber)
    expect(await login('robot$weak', secret)).toMatchObject({ number: weakNumber })
    expect(await refusalOf(deleteRobot(store, principal, weakNumber))).toBe('FORBIDDEN')
  })
})

describe('a robot that is changed', () => {
  it('keeps its secret, and what may not change', async () => {
    const { store, alice, ofProject, login } = await start()
    const { robot, secret } = await ofProject('ci')
    const update: RobotUpdate = {
      description: 'new',
      isDisabled: false,
      durationDays: 2,
      permissions: [may('team', 'repository:push')],
    }
    const after = await updateRobot(store, alice, robot.number, { ...update, name: robot.name })
    expect(after).toMatchObject({ description: 'new', durationDays: 2, version: 2 })
    expect(after.expiresAt).toBe(Math.floor(robot.createdAt / 1000) + 2 * 24 * 60 * 60)
    expect(await login(robot.name, secret)).toMatchObject({
      projects: [{ permissions: ['repository:push'] }],
    })
    for (const change of [{ name: 'other' }, { level: 'system' as const }]) {
      const answer = refusalOf(updateRobot(store, alice, robot.number, { ...update, ...change }))
      expect(await answer).toBe('BAD_REQUEST')
    }
    const { entries } = await listRobots(store, { pid: robot.pid, limit: 9 })
    expect(entries[0]?.description).toBe('new')
  })

  it('does not move to another project', async () => {
    const { store, admin, ofProject } = await start()
    const { robot } = await ofProject('ci')
    const update = {
      description: '',
      isDisabled: false,
      durationDays: -1,
      permissions: [may('other', 'repository:pull')],
    }
    expect(await refusalOf(updateRobot(store, admin, robot.number, update))).toBe('BAD_REQUEST')
  })

  it('has its new secret only, given or made', async () => {
    const { store, alice, ofProject, login } = await start()
    const { robot, secret } = await ofProject('ci')
    expect(await setRobotSecret(store, alice, robot.number, GIVEN)).toBe(GIVEN)
    expect(await login(robot.name, secret)).toBe('wrong secret')
    expect(await login(robot.name, GIVEN)).toMatchObject({ kind: 'robot' })
    const made = await setRobotSecret(store, alice, robot.number)
    expect(await login(robot.name, GIVEN)).toBe('wrong secret')
    expect(await login(robot.name, made)).toMatchObject({ kind: 'robot' })
    const weak = setRobotSecret(store, alice, robot.number, 'short')
    expect(await refusalOf(weak)).toBe('BAD_REQUEST')
  })

  it('is gone when it is deleted, and its number with it', async () => {
    const { store, alice, pid, ofProject, login } = await start()
    const { robot, secret } = await ofProject('ci')
    await deleteRobot(store, alice, robot.number)
    expect(await login(robot.name, secret)).toBe('unknown')
    expect(await refusalOf(readRobot(store, robot.number))).toBe('NOT_FOUND')
    expect(await refusalOf(deleteRobot(store, alice, robot.number))).toBe('NOT_FOUND')
    expect(await listRobots(store, { pid, limit: 9 })).toEqual({
      entries: [],
      more: false,
      total: 0,
    })
    expect((await ofProject('ci')).robot.number).not.toBe(robot.number)
  })
})

describe('a list of robots', () => {
  it('is of the system or of one project, in pages, and holds no secret', async () => {
    const { store, pid, system, ofProject } = await start()
    for (const name of ['a', 'b', 'c']) await system(name, [may('/', 'catalog:read')])
    await ofProject('d')
    const first = await listRobots(store, { pid: undefined, limit: 2 })
    expect(first).toMatchObject({ more: true, total: 3 })
    const after = first.entries.at(-1)?.number
    const second = await listRobots(store, { pid: undefined, limit: 2, after })
    expect(second.entries.map(({ shortName }) => shortName)).toEqual(['c'])
    expect(await listRobots(store, { pid, limit: 2 })).toMatchObject({ total: 1 })
    const item = await store.kv.get(key.robotListed(undefined, after ?? 0), 'strong')
    expect(item).not.toHaveProperty('secretHash')
  })
})

describe('a stored secret', () => {
  it('is slow to try where it was given, and says nothing in itself', async () => {
    const made = generateSecret()
    expect(await hashSecret(made)).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(await hashSecret(GIVEN)).toMatch(/^\$argon2id\$/)
    expect(await verifySecret(await hashSecret(made), made)).toBe(true)
    expect(await verifySecret(await hashSecret(GIVEN), made)).toBe(false)
    expect(await verifySecret(await hashSecret(made), GIVEN)).toBe(false)
    expect(await verifySecret(undefined, made)).toBe(false)
  })
})

describe('a pattern within another', () => {
  const cases: readonly [wide: string, narrow: string, isWithin: boolean][] = [
    ['**', 'a/*/b', true],
    ['*', 'a*', true],
    ['*', '**', false],
    ['*', 'a/b', false],
    ['a/**', 'a/*', true],
    ['a/*', 'a/**', false],
    ['a/**', 'a*/**', false],
    ['*a*', 'b*a', true],
    ['*a', 'a*', false],
    ['**/x', '*/x', true],
    ['*/x', '**/x', false],
    ['a*b', 'a*c*b', true],
    ['a**b', 'a*/*b', true],
    ['app/*', 'app/*', true],
  ]
  it.each(cases)('%s includes %s: %s', (wide, narrow, isWithin) => {
    expect(includesPattern(wide, narrow)).toBe(isWithin)
  })

  it('is told in bounded time, whatever the patterns', () => {
    const stars = '*a'.repeat(120)
    includesPattern('*a*b'.repeat(60), `**${stars}**`)
    expect(includesPattern('b', stars)).toBe(false)
  })
})
