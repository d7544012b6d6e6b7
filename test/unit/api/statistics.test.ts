import { describe, expect, it } from 'vitest'
import { deleteProject } from '../../../shared/projects/delete.ts'
import { charge } from '../../support/quota.ts'
import { readVolume } from '../../../shared/embedded/volume.ts'
import { pushImage } from '../../support/app.ts'
import { createDomainApi } from './domain.ts'

const start = async () => {
  const api = await createDomainApi()
  const { create, alice, bob, push, store, get } = api
  const open = await create('open', alice, true)
  const mine = await create('mine')
  await create('other', bob)
  for (const name of ['open/a', 'open/b/c', 'mine/a', 'other/a', 'other/b']) await push(name)
  await charge(store, open.pid, 40)
  await charge(store, mine.pid, 2)
  const read = async (path: string, as?: string): Promise<unknown> =>
    await (await get(path, as)).json()
  return { ...api, open, read }
}

describe('GET /statistics', () => {
  const OPEN = { public_project_count: 1, public_repo_count: 2 }

  it('tells administrators of everything', async () => {
    const { read } = await start()
    expect(await read('/statistics', 'admin')).toEqual({
      ...OPEN,
      private_project_count: 2,
      private_repo_count: 3,
      total_project_count: 3,
      total_repo_count: 5,
      total_storage_consumption: 42,
    })
  })

  it('tells others of what is public and of what is theirs', async () => {
    const { read, ask } = await start()
    const mine = { private_project_count: 1, private_repo_count: 1 }
    expect(await read('/statistics', 'alice')).toEqual({ ...OPEN, ...mine })
    expect(await read('/statistics', 'bob')).toMatchObject({ private_repo_count: 2 })
    expect(await ask('/statistics')).toBe('401 UNAUTHORIZED')
  })

  it('knows of what is new within a minute', async () => {
    const { read, push, pass } = await start()
    await read('/statistics', 'alice')
    await push('open/d')
    pass(60_001)
    expect(await read('/statistics', 'alice')).toMatchObject({ public_repo_count: 3 })
  })

  it('is zero where there is nothing', async () => {
    const { get } = await createDomainApi()
    expect(await (await get('/statistics', 'admin')).json()).toEqual({
      private_project_count: 0,
      private_repo_count: 0,
      public_project_count: 0,
      public_repo_count: 0,
      total_project_count: 0,
      total_repo_count: 0,
      total_storage_consumption: 0,
    })
  })
})

describe('GET /search', () => {
  const found = async (query: string, as?: string) => {
    const { read } = await start()
    return await read(`/search?q=${query}`, as)
  }

  it('finds projects and repositories by any part of their names, whatever the case', async () => {
    expect(await found('PEN', 'alice')).toMatchObject({
      project: [{ name: 'open', repo_count: 2, current_user_role_id: 1 }],
      repository: [
        {
          project_id: 2,
          project_name: 'open',
          project_public: true,
          repository_name: 'open/a',
          artifact_count: 0,
        },
        { repository_name: 'open/b/c' },
      ],
    })
  })

  it.each([
    ['admin', ['mine', 'open', 'other'], ['mine/a', 'open/a', 'open/b/c', 'other/a', 'other/b']],
    ['alice', ['mine', 'open'], ['mine/a', 'open/a', 'open/b/c']],
    ['bob', ['open', 'other'], ['open/a', 'open/b/c', 'other/a', 'other/b']],
    [undefined, ['open'], ['open/a', 'open/b/c']],
  ])('shows %s what they may see', async (who, projects, repositories) => {
    const all = await found('', who)
    expect(all).toMatchObject({
      project: projects.map((name) => ({ name })),
      repository: repositories.map((name) => ({ repository_name: name })),
    })
    expect(all).toHaveProperty('project.length', projects.length)
    expect(all).toHaveProperty('repository.length', repositories.length)
  })

  it('counts the artifacts of a repository', async () => {
    const { oci, read } = await start()
    for (const text of ['one', 'two']) await pushImage(oci, 'open/a', text, [text])
    expect(await read('/search?q=open/a')).toMatchObject({ repository: [{ artifact_count: 2 }] })
  })

  it('finds nothing, and asks what to look for', async () => {
    const { ask } = await start()
    expect(await found('nothing%20at%20all', 'admin')).toEqual({ project: [], repository: [] })
    expect(await ask('/search', 'admin')).toBe('422 UNPROCESSABLE_ENTITY')
    expect(await ask(`/search?q=${'x'.repeat(256)}`, 'admin')).toBe('422 UNPROCESSABLE_ENTITY')
    expect(await ask('/search?q=a', 'wrong')).toBe('401 UNAUTHORIZED')
  })

  it('shows fifty of each at most', async () => {
    const { create, push, read, store } = await start()
    const last = await create('last')
    await deleteProject(store, last.pid)
    for (let index = 0; index < 52; index += 1) await push(`many${index}/x`)
    const all = await read('/search?q=many', 'admin')
    expect(all).toHaveProperty('project.length', 50)
    expect(all).toHaveProperty('repository.length', 50)
  })
})

describe('GET /systeminfo/volumes', () => {
  it('tells administrators how full the disks are', async () => {
    const volumes = async () => [await readVolume('.')]
    const { get, ask } = await createDomainApi({ deps: { volumes } })
    const size: unknown = expect.any(Number)
    expect(await (await get('/systeminfo/volumes', 'admin')).json()).toEqual({
      storage: [{ total: size, free: size }],
    })
    expect(await ask('/systeminfo/volumes', 'alice')).toBe('403 FORBIDDEN')
  })

  it('has none where storage has no end', async () => {
    const { get } = await createDomainApi()
    expect(await (await get('/systeminfo/volumes', 'admin')).json()).toEqual({ storage: [] })
  })
})

describe('GET /systeminfo/getcert', () => {
  it('has no certificate for anybody', async () => {
    const { ask } = await createDomainApi()
    expect(await ask('/systeminfo/getcert')).toBe('404 NOT_FOUND')
  })
})
