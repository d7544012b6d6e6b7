import { describe, expect, it } from 'vitest'
import type { Principal, RobotNumber } from '../../shared/auth/principal.ts'
import { ROLES, type Role } from '../../shared/auth/roles.ts'
import { addMember } from '../../shared/projects/add-member.ts'
import {
  changeRole,
  removeMember,
  removeMembershipsOfUser,
} from '../../shared/projects/change-member.ts'
import { createProject } from '../../shared/projects/create.ts'
import { deleteProject } from '../../shared/projects/delete.ts'
import { readProjectFacts } from '../../shared/projects/find.ts'
import type { Actor } from '../../shared/projects/may-give.ts'
import { listMembers, readMember } from '../../shared/projects/members.ts'
import { parseProjectName } from '../../shared/projects/name.ts'
import { createTestStore, createTestUser, refusalOf } from '../support/domain.ts'

const start = async () => {
  const store = createTestStore()
  const admin = await createTestUser(store, 1)
  const { pid } = await createProject(store, admin, { name: parseProjectName('team') })
  const actorOf = async (principal: Principal): Promise<Actor> => {
    const facts = await readProjectFacts(store, principal, { pid })
    if (facts === undefined) throw new Error('no project')
    return { principal, facts }
  }
  const actor = await actorOf(admin)
  const add = async (number: number, role: Role, by: Actor = actor) => {
    const { name } = await createTestUser(store, number)
    return await addMember(store, by, { user: number, userName: name, role })
  }
  return { store, admin, pid, actor, actorOf, add }
}

describe('a member', () => {
  it('has the role given, with a number that no other member has', async () => {
    const { store, pid, add, actorOf } = await start()
    const made = await Promise.all([2, 3, 4].map(async (user) => await add(user, 'developer')))
    expect(new Set(made.map(({ number }) => number)).size).toBe(3)
    const [first] = made
    expect(first).toMatchObject({ user: 2, userName: 'user2', role: 'developer' })
    expect(await readMember(store, pid, first?.number ?? 0)).toEqual(first)
    const user = await createTestUser(store, 2)
    expect((await actorOf(user)).facts.role).toBe('developer')
  })

  it('is one once, also when added twice at the same time', async () => {
    const { store, pid, add } = await start()
    const answers = await Promise.all([1, 2, 3].map(async () => await refusalOf(add(2, 'guest'))))
    expect(answers.filter((answer) => answer === 'CONFLICT')).toHaveLength(2)
    expect(await listMembers(store, pid, { limit: 10 })).toMatchObject({ total: 2 })
  })

  it('must be a user that exists, in a project that exists', async () => {
    const { store, pid, actor, add } = await start()
    const nobody = { user: 9, userName: 'nobody', role: 'guest' } as const
    expect(await refusalOf(addMember(store, actor, nobody))).toBe('NOT_FOUND')
    await deleteProject(store, pid)
    expect(await refusalOf(add(2, 'guest'))).toBe('NOT_FOUND')
  })

  it('leaves no right behind when it is removed', async () => {
    const { store, pid, actor, actorOf, add } = await start()
    const { number } = await add(2, 'maintainer')
    await removeMember(store, actor, number)
    expect((await actorOf(await createTestUser(store, 2))).facts.role).toBeUndefined()
    expect(await refusalOf(readMember(store, pid, number))).toBe('NOT_FOUND')
    expect(await refusalOf(removeMember(store, actor, number))).toBe('NOT_FOUND')
    expect(await listMembers(store, pid, { limit: 10 })).toMatchObject({ total: 1 })
    expect((await add(2, 'guest')).number).not.toBe(number)
  })

  it('goes from every project with its user', async () => {
    const { store, pid, add } = await start()
    await add(2, 'guest')
    await removeMembershipsOfUser(store, 2)
    await removeMembershipsOfUser(store, 2)
    expect(await listMembers(store, pid, { limit: 10 })).toMatchObject({ total: 1 })
  })
})

describe('a list of members', () => {
  it('comes in pages that join to the whole', async () => {
    const { store, pid, add } = await start()
    for (const user of [2, 3, 4, 5]) await add(user, 'guest')
    const seen: number[] = []
    for (let more = true, after: number | undefined; more;) {
      const page = await listMembers(store, pid, { limit: 2, after })
      expect(page.total).toBe(5)
      seen.push(...page.entries.map(({ user }) => user))
      after = page.entries.at(-1)?.number
      more = page.more
    }
    expect(seen).toEqual([1, 2, 3, 4, 5])
    const { entries } = await listMembers(store, pid, { limit: 2, skip: 2 })
    expect(entries.map(({ user }) => user)).toEqual([3, 4])
  })
})

describe('a role', () => {
  it('is never given above the role of who gives it', async () => {
    const { store, actorOf, add } = await start()
    for (const [rank, { name }] of ROLES.entries()) {
      const user = 10 + rank
      await add(user, name)
      const actor = await actorOf(await createTestUser(store, user))
      for (const [other, { name: wanted }] of ROLES.entries()) {
        const answer = await refusalOf(add(100 + 10 * rank + other, wanted, actor))
        expect(answer, `${name} gives ${wanted}`).toBe(other > rank ? 'FORBIDDEN' : undefined)
      }
    }
  })

  it('is not taken from who has a higher one, nor raised for oneself', async () => {
    const { store, pid, actorOf, add, actor } = await start()
    const { number } = await add(2, 'maintainer')
    const maintainer = await actorOf(await createTestUser(store, 2))
    const { entries } = await listMembers(store, pid, { limit: 1 })
    const top = entries[0]?.number ?? 0
    expect(await refusalOf(changeRole(store, maintainer, top, 'guest'))).toBe('FORBIDDEN')
    expect(await refusalOf(removeMember(store, maintainer, top))).toBe('FORBIDDEN')
    expect(await refusalOf(changeRole(store, maintainer, number, 'projectAdmin'))).toBe('FORBIDDEN')
    expect(await changeRole(store, actor, number, 'projectAdmin')).toMatchObject({
      role: 'projectAdmin',
    })
    expect((await actorOf(maintainer.principal)).facts.role).toBe('projectAdmin')
  })

  it('may be given by administrators of the system, and left by its own member', async () => {
    const { store, actorOf, add } = await start()
    const sysadmin = await actorOf(await createTestUser(store, 7, { isSysadmin: true }))
    const { number } = await add(2, 'projectAdmin', sysadmin)
    const own = await actorOf(await createTestUser(store, 2))
    await removeMember(store, own, number)
  })

  it('is given by a robot only with every right of the role, and not by what is public', async () => {
    const { actorOf, add, pid } = await start()
    const robot = await actorOf({
      kind: 'robot',
      number: 1 as RobotNumber,
      name: 'robot$r',
      system: [],
      projects: [{ pid, repository: undefined, permissions: ['member:create', 'member:update'] }],
    })
    const asPublic = { ...robot, facts: { ...robot.facts, isPublic: true } }
    expect(await refusalOf(add(2, 'limitedGuest', asPublic))).toBe('FORBIDDEN')
  })
})
