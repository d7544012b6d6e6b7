import { describe, expect, it } from 'vitest'
import { addMember } from '../../../shared/projects/add-member.ts'
import { parseRepositoryName } from '../../../shared/oci/name.ts'
import type { Role } from '../../../shared/auth/roles.ts'
import { sweepRepository } from '../../../shared/repositories/sweep.ts'
import { imageJson, indexJson, pushImage, putManifest } from '../../support/app.ts'
import { createDomainApi, refusal } from './domain.ts'

const start = async () => {
  const api = await createDomainApi()
  const { alice, bob, store, get } = api
  const project = await api.create('team')
  const addBob = async (role: Role) => {
    const facts = { pid: project.pid, isPublic: false, role: 'projectAdmin' } as const
    const given = { user: bob.number, userName: bob.name, role }
    return await addMember(store, { principal: alice, facts }, given)
  }
  const read = async (path: string, as?: string): Promise<unknown> =>
    await (await get(path, as)).json()
  const names = async (path: string, as?: string) => {
    const response = await get(path, as)
    const page = (await response.json()) as { readonly name: string }[]
    const total = response.headers.get('X-Total-Count')
    return `${page.map(({ name }) => name).join(' ')} of ${String(total)}`
  }
  return { ...api, project, addBob, read, names }
}

describe('a repository', () => {
  it('tells its name, its numbers and its times', async () => {
    const { oci, read } = await start()
    await pushImage(oci, 'team/app', 'v1', ['one'])
    await pushImage(oci, 'team/app', 'v2', ['two'])
    const found = await read('/projects/team/repositories/app', 'alice')
    expect(found).toMatchObject({
      name: 'team/app',
      project_id: 2,
      description: '',
      artifact_count: 2,
      pull_count: 0,
    })
    const { id, creation_time, update_time } = found as Record<string, string | number>
    expect(Number.isSafeInteger(id) && Number(id) > 0).toBe(true)
    expect(new Date(String(creation_time)) <= new Date(String(update_time))).toBe(true)
  })

  it('counts an index with its parts as one, and what has a tag of its own besides', async () => {
    const { oci, read } = await start()
    const parts = ['one', 'two'].map((layer) => imageJson('{}', [layer]))
    await pushImage(oci, 'team/app', 'one', ['one'])
    await pushImage(oci, 'team/app', 'gone', ['two'])
    await oci.app.request('/v2/team/app/manifests/gone', { method: 'DELETE' })
    expect(await read('/projects/team/repositories/app', 'alice')).toMatchObject({
      artifact_count: 2,
    })
    expect((await putManifest(oci, 'team/app', 'all', indexJson(parts))).status).toBe(201)
    expect(await read('/projects/team/repositories/app', 'alice')).toMatchObject({
      artifact_count: 2,
    })
  })

  it('has a name with slashes, encoded once or twice', async () => {
    const { push, ask } = await start()
    await push('team/a/b')
    expect(await ask('/projects/team/repositories/a%252Fb', 'alice')).toBe('200')
    expect(await ask('/projects/team/repositories/a%2Fb', 'alice')).toBe('200')
    expect(await ask('/projects/team/repositories/a%252Fc', 'alice')).toBe('404 NOT_FOUND')
    expect(await ask('/projects/team/repositories/A', 'alice')).toBe('400 BAD_REQUEST')
  })

  it('is in a project that is named, be the name a number', async () => {
    const { create, push, read, ask } = await start()
    await create('7')
    await push('7/app')
    expect(await read('/projects/7/repositories', 'alice')).toMatchObject([{ name: '7/app' }])
    expect(await ask('/projects/7/repositories/app', 'alice')).toBe('200')
  })

  it('is nothing to strangers', async () => {
    const { push, ask, send } = await start()
    await push('team/app')
    for (const path of ['/projects/team/repositories', '/projects/team/repositories/app']) {
      expect(await ask(path)).toBe('401 UNAUTHORIZED')
      expect(await ask(path, 'bob')).toBe('403 FORBIDDEN')
    }
    const path = '/projects/team/repositories/app'
    expect((await send('DELETE', path, 'bob')).status).toBe(403)
    expect((await send('PUT', path, 'bob', { description: 'x' })).status).toBe(403)
  })
})

describe('GET /projects/{project_name_or_id}/repositories', () => {
  it('pages by name, and filters and sorts', async () => {
    const { push, names, get } = await start()
    for (const name of ['c', 'a', 'b/x', 'd']) await push(`team/${name}`)
    const path = '/projects/team/repositories'
    expect(await names(`${path}?page_size=3`, 'alice')).toBe('team/a team/b/x team/c of 4')
    expect(await names(`${path}?page_size=3&page=2`, 'alice')).toBe('team/d of 4')
    expect(await names(`${path}?page_size=3&page=9`, 'alice')).toBe(' of 4')
    expect(await names(`${path}?sort=-name&page_size=2`, 'alice')).toBe('team/d team/c of 4')
    expect(await names(`${path}?q=name%3D~b`, 'alice')).toBe('team/b/x of 1')
    const link = (await get(`${path}?page_size=3`, 'alice')).headers.get('Link')
    expect(link).toMatch(/page=2>; rel="next"$/)
    expect((await get(`${path}?q=name`, 'alice')).status).toBe(400)
    expect((await get(`${path}?page_size=101`, 'alice')).status).toBe(422)
  })

  it('is empty where there is none', async () => {
    const { names } = await start()
    expect(await names('/projects/team/repositories', 'alice')).toBe(' of 0')
  })
})

describe('GET /repositories', () => {
  it('lists what the caller may see', async () => {
    const { push, names, create, admin, addBob } = await start()
    await create('open', admin, true)
    for (const name of ['team/b', 'team/a', 'open/z']) await push(name)
    expect(await names('/repositories')).toBe('open/z of 1')
    expect(await names('/repositories', 'bob')).toBe('open/z of 1')
    expect(await names('/repositories', 'alice')).toBe('open/z team/a team/b of 3')
    expect(await names('/repositories?page_size=2', 'admin')).toBe('open/z team/a of 3')
    expect(await names('/repositories?page_size=2&page=2', 'admin')).toBe('team/b of 3')
    await addBob('limitedGuest')
    expect(await names('/repositories?sort=-name&page_size=2', 'bob')).toBe('team/b team/a of 3')
  })
})

describe('PUT /projects/{project_name_or_id}/repositories/{repository_name}', () => {
  it('sets the description', async () => {
    const { push, send, read, names, addBob } = await start()
    await push('team/app')
    await addBob('developer')
    const path = '/projects/team/repositories/app'
    expect((await send('PUT', path, 'bob', { description: 'An app' })).status).toBe(200)
    expect(await read(path, 'alice')).toMatchObject({ description: 'An app' })
    expect(await names('/projects/team/repositories?q=description=~app', 'alice')).toBe(
      'team/app of 1',
    )
    const long = 'x'.repeat(100_000)
    expect(await refusal(await send('PUT', path, 'bob', { description: long }))).toBe(
      '400 a description has at most 65536 bytes',
    )
    expect((await send('PUT', path, 'bob', { description: 1 })).status).toBe(422)
    expect((await send('PUT', `${path}s`, 'bob', { description: '' })).status).toBe(404)
  })
})

describe('DELETE /projects/{project_name_or_id}/repositories/{repository_name}', () => {
  it('frees the name at once, for a repository that begins empty', async () => {
    const { oci, send, ask, names, read } = await start()
    await pushImage(oci, 'team/app', 'v1', ['one'])
    const path = '/projects/team/repositories/app'
    expect(await read('/projects/team/_deletable', 'alice')).toMatchObject({ deletable: false })
    expect((await send('DELETE', path, 'alice')).status).toBe(200)
    expect((await send('DELETE', path, 'alice')).status).toBe(404)
    expect(await ask(path, 'alice')).toBe('404 NOT_FOUND')
    expect(await names('/projects/team/repositories', 'alice')).toBe(' of 0')
    expect((await oci.app.request('/v2/team/app/manifests/v1')).status).toBe(404)
    expect(await read('/projects/team/_deletable', 'alice')).toMatchObject({ deletable: true })
    await pushImage(oci, 'team/app', 'v2', ['one'])
    expect((await oci.app.request('/v2/team/app/manifests/v1')).status).toBe(404)
    expect(await read(path, 'alice')).toMatchObject({ artifact_count: 1 })
  })

  it('leaves its content to a worker, which clears it bit by bit', async () => {
    const { oci, send, registry } = await start()
    await pushImage(oci, 'team/app', 'one', ['one'])
    const index = indexJson([imageJson('{}', ['one'])])
    await putManifest(oci, 'team/app', 'all', index)
    const repository = await registry.repositories.existing(parseRepositoryName('team/app'))
    if (repository === undefined) throw new Error('no repository')
    expect((await send('DELETE', '/projects/team/repositories/app', 'alice')).status).toBe(200)
    // An image that comes before its index, both of one millisecond, waits for the index to go.
    let bits = 0
    while ((await sweepRepository(registry, repository)) === 'more') bits += 1
    expect([1, 2]).toContain(bits)
    expect(await sweepRepository(registry, repository)).toBe('done')
  })

  it('is done by one of several who try at once', async () => {
    const { push, send } = await start()
    await push('team/app')
    const path = '/projects/team/repositories/app'
    const all = await Promise.all(
      [1, 2, 3].map(async () => (await send('DELETE', path, 'alice')).status),
    )
    expect(all.sort()).toEqual([200, 404, 404])
  })

  it('is for maintainers', async () => {
    const { push, send, addBob } = await start()
    await push('team/app')
    await addBob('developer')
    expect((await send('DELETE', '/projects/team/repositories/app', 'bob')).status).toBe(403)
  })
})
