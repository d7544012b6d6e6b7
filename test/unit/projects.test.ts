import { describe, expect, it } from 'vitest'
import { ANONYMOUS, type Principal } from '../../shared/auth/principal.ts'
import { parseRepositoryName, type ProjectName } from '../../shared/oci/name.ts'
import { createProject, ensureLibrary } from '../../shared/projects/create.ts'
import { deleteProject } from '../../shared/projects/delete.ts'
import {
  findProject,
  readProject,
  readProjectFacts,
  readRepositoryCounts,
} from '../../shared/projects/find.ts'
import { listProjects, type ListProjects } from '../../shared/projects/list.ts'
import { listMembers } from '../../shared/projects/members.ts'
import { parseMetadata, shownMetadata } from '../../shared/projects/metadata.ts'
import { parseProjectName } from '../../shared/projects/name.ts'
import { setStorageLimit } from '../../shared/quota/limit.ts'
import { readQuota, readQuotas } from '../../shared/quota/read.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { removeMetadata, updateProject } from '../../shared/projects/update.ts'
import { charge } from '../support/quota.ts'
import { readCounter } from '../../shared/store/numbers.ts'
import type { Store } from '../../shared/store/store.ts'
import { key } from '../../shared/table.ts'
import { createTestStore, createTestUser, refusalOf } from '../support/domain.ts'

const named = (text: string): ProjectName => parseProjectName(text)

const start = async () => {
  const store = createTestStore()
  const [admin, alice, bob] = await Promise.all([
    createTestUser(store, 1, { isSysadmin: true }),
    createTestUser(store, 2),
    createTestUser(store, 3),
  ])
  const create = async (name: string, creator: Principal = alice, isPublic = false) =>
    await createProject(store, creator, { name: named(name), isPublic })
  const names = async (principal: Principal, query: Partial<ListProjects> = {}) => {
    const { entries, more, total } = await listProjects(store, principal, { limit: 100, ...query })
    return { names: entries.map(({ project }) => project.name), more, total }
  }
  return { store, admin, alice, bob, create, names }
}

const repositoryIn = async (store: Store, name: string) =>
  await createRepositories(store, { createProjectsOnPush: true }).forPush(parseRepositoryName(name))

describe('the name of a project', () => {
  it('is one component of a repository name, short enough for a repository behind it', () => {
    expect(named('team-a')).toBe('team-a')
    for (const text of ['', 'A', 'a/b', 'a..b', '-a', 'a#b', 'a'.repeat(254)]) {
      expect(() => named(text), text).toThrow('project name')
    }
  })
})

describe('a project that is created', () => {
  it('is found by name, by number and by id, with its creator as administrator', async () => {
    const { store, alice, create } = await start()
    const made = await create('team')
    expect(made).toMatchObject({ number: 2, owner: { number: 2, name: 'user2' }, isPublic: false })
    for (const reference of [{ name: made.name }, { number: made.number }, { pid: made.pid }]) {
      expect(await findProject(store, reference)).toEqual(made)
    }
    const facts = await readProjectFacts(store, alice, { name: made.name })
    expect(facts).toEqual({ pid: made.pid, isPublic: false, role: 'projectAdmin' })
    expect(await listMembers(store, made.pid, { limit: 10 })).toMatchObject({ total: 1 })
  })

  it('has one winner when many ask for the same name at once', async () => {
    const { store, create } = await start()
    const answers = await Promise.all(
      Array.from({ length: 6 }, async () => await refusalOf(create('team'))),
    )
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(1)
    expect(answers.filter((answer) => answer === 'CONFLICT')).toHaveLength(5)
    expect(await readCounter(store, 'projects')).toMatchObject({ total: 1 })
  })

  it('has a number of its own when many are made at once', async () => {
    const { create } = await start()
    const made = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => await create(`team${index}`)),
    )
    expect(new Set(made.map(({ number }) => number)).size).toBe(8)
  })

  it('leaves number 1 to library, which is public and made once', async () => {
    const { store, create } = await start()
    await create('team')
    const [one, other] = await Promise.all([ensureLibrary(store), ensureLibrary(store)])
    expect(one).toBe(other)
    expect(await readProject(store, { number: 1 })).toMatchObject({
      name: 'library',
      isPublic: true,
    })
    await updateProject(store, one, { isPublic: false })
    expect(await ensureLibrary(store)).toBe(one)
    expect(await readProject(store, { pid: one })).toMatchObject({ isPublic: false })
  })

  it('counts the repositories that pushes make in it', async () => {
    const { store } = await start()
    const { pid } = await repositoryIn(store, 'team/a')
    await repositoryIn(store, 'team/b')
    expect(await readProject(store, { pid })).toMatchObject({ isPublic: false, owner: undefined })
    expect(await readRepositoryCounts(store, [pid])).toEqual(new Map([[pid, 2]]))
    expect(await readCounter(store, 'repositories')).toMatchObject({ total: 2 })
  })
})

describe('facts about a project', () => {
  it('have no role for strangers, and do not exist for no project', async () => {
    const { store, bob, create } = await start()
    const { name, pid } = await create('team')
    const nothing = { pid, isPublic: false, role: undefined }
    expect(await readProjectFacts(store, bob, { name })).toEqual(nothing)
    expect(await readProjectFacts(store, ANONYMOUS, { pid })).toEqual(nothing)
    expect(await readProjectFacts(store, bob, { name: named('other') })).toBeUndefined()
  })
})

describe('a list of projects', () => {
  it('shows all to administrators, own and public ones to users, public ones to anybody', async () => {
    const { admin, alice, bob, create, names } = await start()
    for (const name of ['d', 'b']) await create(name, alice)
    for (const name of ['c', 'a']) await create(name, bob, true)
    await create('e', bob)
    await create('f', alice, true)
    expect((await names(admin)).names.join('')).toBe('abcdef')
    expect(await names(alice)).toEqual({
      names: ['a', 'b', 'c', 'd', 'f'],
      more: false,
      total: 5,
    })
    expect(await names(ANONYMOUS)).toMatchObject({ names: ['a', 'c', 'f'], total: 3 })
    expect(await names(alice, { isPublic: false })).toMatchObject({ names: ['b', 'd'], total: 2 })
    expect(await names(alice, { isPublic: true })).toMatchObject({
      names: ['a', 'c', 'f'],
      total: 3,
    })
    expect(await names(admin, { isPublic: false })).toMatchObject({
      names: ['b', 'd', 'e'],
      total: 3,
    })
    expect(await names(bob, { isPublic: false })).toMatchObject({ names: ['e'], total: 1 })
  })

  it('comes in pages that join to the whole, by name or by skipping', async () => {
    const { admin, alice, create, names } = await start()
    for (let index = 0; index < 7; index += 1) {
      await create(`p${index}`, index % 3 === 0 ? alice : admin, index % 2 === 0)
    }
    for (const principal of [admin, alice, ANONYMOUS]) {
      const all = (await names(principal)).names
      const byName: string[] = []
      const bySkip: string[] = []
      for (let more = true, after: ProjectName | undefined; more;) {
        const page = await names(principal, { limit: 2, ...(after ? { after } : {}) })
        expect(page.total).toBe(all.length)
        byName.push(...page.names)
        after = page.names.at(-1)
        bySkip.push(...(await names(principal, { limit: 2, skip: bySkip.length })).names)
        more = page.more
      }
      expect(byName).toEqual(all)
      expect(bySkip).toEqual(all)
    }
  })

  it('can be narrowed to names that begin alike, wherever it continues', async () => {
    const { admin, alice, create, names } = await start()
    for (const name of ['app', 'apple', 'b', 'apricot']) await create(name, alice, name === 'b')
    for (const principal of [admin, alice]) {
      const narrow = async (after?: string) =>
        await names(principal, { namePrefix: 'app', ...(after ? { after: named(after) } : {}) })
      expect(await narrow()).toMatchObject({ names: ['app', 'apple'], total: 2 })
      expect(await narrow('a')).toMatchObject({ names: ['app', 'apple'] })
      expect(await narrow('app')).toMatchObject({ names: ['apple'] })
      expect(await narrow('b')).toMatchObject({ names: [], total: 2 })
    }
  })

  it('asked for no entry says the total', async () => {
    const { create, names, admin } = await start()
    await create('a')
    expect(await names(admin, { limit: 0 })).toEqual({ names: [], more: false, total: 1 })
  })
})

describe('a change of a project', () => {
  it('is in every list at once, and moves the counter of public ones', async () => {
    const { store, create, names } = await start()
    const { pid } = await create('team')
    await updateProject(store, pid, { isPublic: true, metadata: { auto_scan: 'true' } })
    expect(await names(ANONYMOUS)).toMatchObject({ names: ['team'], total: 1 })
    const { entries } = await listProjects(store, ANONYMOUS, { limit: 1 })
    expect(entries[0]?.project.metadata).toEqual({ auto_scan: 'true' })
    await updateProject(store, pid, { isPublic: false })
    expect(await names(ANONYMOUS)).toMatchObject({ names: [], total: 0 })
  })

  it('keeps what others change at the same time', async () => {
    const { store, create } = await start()
    const { pid } = await create('team')
    await Promise.all([
      updateProject(store, pid, { isPublic: true }),
      updateProject(store, pid, { metadata: { auto_scan: 'true' } }),
      updateProject(store, pid, { metadata: { severity: 'high' } }),
    ])
    const project = await readProject(store, { pid })
    expect(shownMetadata(project)).toEqual({ public: 'true', auto_scan: 'true', severity: 'high' })
    expect(project.version).toBe(4)
    expect(await readCounter(store, 'publicProjects')).toMatchObject({ total: 1 })
  })

  it('removes a key of the metadata that is set, and no other', async () => {
    const { store, create } = await start()
    const { pid } = await create('team')
    await updateProject(store, pid, { metadata: { severity: 'low' } })
    expect((await removeMetadata(store, pid, 'severity')).metadata).toEqual({})
    expect(await refusalOf(removeMetadata(store, pid, 'severity'))).toBe('NOT_FOUND')
  })

  it('knows the keys of Harbor and what each may say', () => {
    expect(parseMetadata({ public: 'true', severity: 'none' })).toEqual({
      isPublic: true,
      metadata: { severity: 'none' },
    })
    for (const given of [{ other: 'x' }, { public: 'yes' }, { toString: 'true' }]) {
      expect(() => parseMetadata(given)).toThrow()
    }
  })
})

describe('a project that is deleted', () => {
  it('must have no repository', async () => {
    const { store } = await start()
    const { pid } = await repositoryIn(store, 'team/a')
    expect(await refusalOf(deleteProject(store, pid))).toBe('PRECONDITION')
  })

  it('is gone with its members and counts, and its name begins anew', async () => {
    const { store, alice, bob, create, names } = await start()
    const { pid, name } = await create('team', alice, true)
    await deleteProject(store, pid)
    expect(await refusalOf(deleteProject(store, pid))).toBe('NOT_FOUND')
    expect(await names(ANONYMOUS)).toMatchObject({ names: [], total: 0 })
    expect(await readQuota(store, pid)).toBeUndefined()
    expect(await readCounter(store, 'projects')).toMatchObject({ total: 0 })
    const again = await create('team', bob)
    expect(again.number).toBe(3)
    expect(await readProjectFacts(store, alice, { name })).toMatchObject({ role: undefined })
    expect(await listMembers(store, pid, { limit: 9 })).toMatchObject({ entries: [], total: 0 })
  })

  it('never takes a repository with it that is made at the same time', async () => {
    const { store, create } = await start()
    for (let round = 0; round < 5; round += 1) {
      const { pid } = await create(`team${round}`)
      const [deletion, ids] = await Promise.all([
        refusalOf(deleteProject(store, pid)),
        repositoryIn(store, `team${round}/a`),
      ])
      const survivor = await readProject(store, { name: named(`team${round}`) })
      expect(ids.pid).toBe(survivor.pid)
      expect(survivor.pid === pid).toBe(deletion === 'PRECONDITION')
    }
  })
})

describe('a storage limit', () => {
  it('is none until it is set, and may be set below what is used', async () => {
    const { store, create } = await start()
    const { pid } = await create('team')
    expect(await readQuota(store, pid)).toEqual({ limitBytes: -1, usedBytes: 0 })
    await charge(store, pid, 100)
    await setStorageLimit(store, pid, 60)
    expect((await readQuotas(store, [pid])).get(pid)).toMatchObject({
      limitBytes: 60,
      usedBytes: 100,
    })
    expect(await charge(store, pid, 1)).toBe(false)
    await setStorageLimit(store, pid, 101)
    expect(await charge(store, pid, 1)).toBe(true)
    await setStorageLimit(store, pid, -1)
    expect(await charge(store, pid, 2 ** 40)).toBe(true)
  })

  it('stays exact while pushes and others change it', async () => {
    const { store, create } = await start()
    const { pid } = await create('team')
    await Promise.all([
      ...[10, 20, 30].map(async (limit) => {
        await setStorageLimit(store, pid, limit * 1000)
      }),
      ...[1, 2, 3, 4].map(async (size) => await charge(store, pid, size)),
    ])
    const item = await store.kv.get(key.quota(pid), 'strong')
    expect(Number(item?.['available']) + Number(item?.['used'])).toBe(item?.['limit'])
    expect(item?.['used']).toBe(10)
  })

  it('is -1 or a number of bytes above 0, of a project that exists', async () => {
    const { store, create, alice } = await start()
    const { pid } = await create('team')
    for (const limit of [0, -2, 1.5, NaN, 2 ** 60]) {
      expect(await refusalOf(setStorageLimit(store, pid, limit))).toBe('BAD_REQUEST')
    }
    const given = { name: named('other'), storageLimitBytes: 0 }
    expect(await refusalOf(createProject(store, alice, given))).toBe('BAD_REQUEST')
    await deleteProject(store, pid)
    expect(await refusalOf(setStorageLimit(store, pid, 5))).toBe('NOT_FOUND')
  })
})
