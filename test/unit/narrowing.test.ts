import { describe, expect, it } from 'vitest'
import {
  isNarrowed,
  mayInEveryProject,
  mayInProject,
  mayInSystem,
} from '../../shared/auth/access.ts'
import type { Principal } from '../../shared/auth/principal.ts'
import { addMember } from '../../shared/projects/add-member.ts'
import { createProject } from '../../shared/projects/create.ts'
import { readProjectFacts } from '../../shared/projects/find.ts'
import { listProjects } from '../../shared/projects/list.ts'
import { parseProjectName } from '../../shared/projects/name.ts'
import { createRobot } from '../../shared/robots/create.ts'
import { createUser } from '../../shared/users/create.ts'
import { principalOf } from '../../shared/users/items.ts'
import { authenticateToken, createToken } from '../../shared/users/tokens.ts'
import { createTestStore, refusalOf } from '../support/domain.ts'

const PASSWORD = 'Right1234'
const PULL = ['repository:pull']

const open = async () => {
  const store = createTestStore()
  const user = async (name: string, isSysadmin: boolean) =>
    principalOf(await createUser(store, { name, password: PASSWORD, isSysadmin }))
  const [admin, alice, bob] = [
    await user('admin', true),
    await user('alice', false),
    await user('bob', false),
  ]
  const project = await createProject(store, alice, { name: parseProjectName('p') })
  const byToken = async (
    { number }: { readonly number: typeof alice.number },
    scope: 'all' | readonly string[],
  ): Promise<Principal> => {
    const { text } = await createToken(store, number, { name: 't', scope })
    const login = await authenticateToken(store, text)
    if (login === undefined) throw new Error('the token is not good')
    return login.principal
  }
  const facts = async (principal: Principal) => {
    const found = await readProjectFacts(store, principal, { pid: project.pid })
    if (found === undefined) throw new Error('no project')
    return found
  }
  return { store, admin, alice, bob, project, byToken, facts }
}

describe('a token of some permissions', () => {
  it('may do them where its user may, and nothing else', async () => {
    const { alice, bob, byToken, facts } = await open()
    const ofAlice = await byToken(alice, [...PULL, 'scan:create'])
    const ofBob = await byToken(bob, PULL)
    expect(isNarrowed(ofAlice)).toBe(true)
    expect(mayInProject(ofAlice, 'repository:pull', await facts(ofAlice))).toBe(true)
    expect(mayInProject(ofAlice, 'repository:push', await facts(ofAlice))).toBe(false)
    expect(mayInProject(ofBob, 'repository:pull', await facts(ofBob))).toBe(false)
    expect(mayInEveryProject(ofAlice, 'repository:pull')).toBe(false)
  })

  it('of an administrator is none for the system, but goes for every project', async () => {
    const { admin, byToken, facts } = await open()
    const token = await byToken(admin, PULL)
    expect(token).toMatchObject({ isSysadmin: false })
    expect(mayInSystem(token, 'user:list')).toBe(false)
    expect(mayInEveryProject(token, 'repository:pull')).toBe(true)
    expect(mayInEveryProject(token, 'repository:push')).toBe(false)
    expect(mayInProject(token, 'repository:pull', await facts(token))).toBe(true)
    expect(mayInProject(token, 'project:delete', await facts(token))).toBe(false)
  })

  it('lists the projects only if it may read them', async () => {
    const { store, admin, alice, byToken } = await open()
    const namesFor = async (who: typeof admin, scope: readonly string[]) => {
      const { entries } = await listProjects(store, await byToken(who, scope), { limit: 10 })
      return entries.map(({ project }) => project.name)
    }
    for (const who of [admin, alice]) {
      expect(await namesFor(who, PULL)).toEqual([])
      expect(await namesFor(who, ['project:read'])).toEqual(['p'])
    }
  })

  it('gives nobody more than it has itself', async () => {
    const { store, alice, bob, byToken, facts, project } = await open()
    const principal = await byToken(alice, ['member:create', 'robot:create', ...PULL])
    const actor = { principal, facts: await facts(principal) }
    const member = { user: bob.number, userName: 'bob', role: 'projectAdmin' } as const
    expect(await refusalOf(addMember(store, actor, member))).toBe('FORBIDDEN')
    const robot = async (action: string) =>
      await refusalOf(
        createRobot(store, principal, {
          ...{ name: action, level: 'project', durationDays: 1 },
          permissions: [
            {
              ...{ kind: 'project', namespace: project.name },
              access: [{ resource: 'repository', action }],
            },
          ],
        }),
      )
    expect(await robot('push')).toBe('FORBIDDEN')
    expect(await robot('pull')).toBeUndefined()
  })

  it('makes no project, which would be its user’s', async () => {
    const { store, alice, byToken } = await open()
    const principal = await byToken(alice, PULL)
    const attempt = createProject(store, principal, { name: parseProjectName('q') })
    expect(await refusalOf(attempt)).toBe('FORBIDDEN')
  })
})

describe('a token of scope all', () => {
  it('may do what its user may', async () => {
    const { admin, alice, byToken, facts } = await open()
    expect(mayInSystem(await byToken(admin, 'all'), 'user:list')).toBe(true)
    const token = await byToken(alice, 'all')
    expect(isNarrowed(token)).toBe(false)
    expect(mayInProject(token, 'project:delete', await facts(token))).toBe(true)
    expect(mayInSystem(token, 'user:list')).toBe(false)
  })
})
