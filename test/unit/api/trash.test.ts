import { describe, expect, it } from 'vitest'
import type { Principal, RobotNumber } from '../../../shared/auth/principal.ts'
import type { Role } from '../../../shared/auth/roles.ts'
import { digestOf } from '../../../shared/oci/digest.ts'
import { addMember } from '../../../shared/projects/add-member.ts'
import { deleteProject } from '../../../shared/projects/delete.ts'
import { setStorageLimit } from '../../../shared/quota/limit.ts'
import { sweepRepository } from '../../../shared/repositories/sweep.ts'
import { imageJson, indexJson, pushImage, putManifest } from '../../support/app.ts'
import { createDomainApi, refusal } from './domain.ts'

const DAY_MS = 24 * 60 * 60_000
const REPOSITORY = '/projects/team/repositories/app'

const start = async () => {
  const api = await createDomainApi()
  const { oci, send } = api
  const team = await api.create('team')
  const undelete = async (
    reference: string,
    {
      as = 'alice',
      tags,
      repository = REPOSITORY,
    }: {
      readonly as?: string
      readonly tags?: readonly string[]
      readonly repository?: string
    } = {},
  ) => await send('POST', `${repository}/artifacts/${reference}/undelete`, as, { tags })
  const pull = async (reference: string, name = 'team/app') =>
    (await oci.app.request(`/v2/${name}/manifests/${reference}`)).status
  const remove = async (reference: string, name = 'team/app') => {
    const path = `/v2/${name}/manifests/${reference}`
    expect((await oci.app.request(path, { method: 'DELETE' })).status).toBe(202)
  }
  return { ...api, team, undelete, pull, remove }
}

describe('POST artifacts/{reference}/undelete', () => {
  it('brings back an artifact by its digest, with the tags that are asked for', async () => {
    const { oci, pull, remove, undelete, get } = await start()
    const digest = await pushImage(oci, 'team/app', 'v1', ['one'])
    await remove(digest)
    expect(await pull(digest)).toBe(404)
    const response = await undelete(digest, { tags: ['v2'] })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ digest, tags: ['v2'], restored: [digest] })
    expect([await pull(digest), await pull('v1'), await pull('v2')]).toEqual([200, 404, 200])
    const log = await (await get('/projects/team/auditlog-exts?page_size=1', 'alice')).json()
    expect(log).toMatchObject([
      {
        ...{ operation: 'create', resource_type: 'artifact', resource: 'team/app:v2' },
        ...{ username: 'alice', operation_description: 'brought back from the trash' },
      },
    ])
  })

  it('brings back an index by its tag, with its images', async () => {
    const { oci, pull, remove, undelete } = await start()
    const part = await pushImage(oci, 'team/app', 'part', ['one'])
    const index = indexJson([imageJson('{}', ['one'])])
    await putManifest(oci, 'team/app', 'all', index)
    for (const digest of [digestOf(index), part]) await remove(digest)
    const response = await undelete('all')
    expect(await response.json()).toEqual({
      ...{ digest: digestOf(index), tags: ['all'], restored: [part, digestOf(index)] },
    })
    expect([await pull('all'), await pull(part), await pull('part')]).toEqual([200, 200, 404])
  })

  it('is for who may delete there and push there', async () => {
    const { oci, remove, undelete, get, store, team, alice, bob } = await start()
    const digest = await pushImage(oci, 'team/app', 'v1', ['one'])
    await remove(digest)
    const facts = { pid: team.pid, isPublic: false, role: 'projectAdmin' } as const
    const addBob = async (role: Role) =>
      await addMember(
        store,
        { principal: alice, facts },
        {
          ...{ user: bob.number, userName: bob.name, role },
        },
      )
    expect((await undelete(digest, { as: 'bob' })).status).toBe(403)
    await addBob('developer')
    expect((await undelete(digest, { as: 'bob' })).status).toBe(403)
    expect((await get(`${REPOSITORY}/trash`, 'bob')).status).toBe(403)
    expect((await get(`${REPOSITORY}/trash`)).status).toBe(401)
    expect((await undelete(digest, { as: 'alice' })).status).toBe(200)
  })

  it('is not for a robot that may only delete', async () => {
    const robot = (...permissions: ('artifact:delete' | 'repository:push')[]): Principal => ({
      ...{ kind: 'robot', number: 1 as RobotNumber, name: 'robot$ci', system: [] },
      projects: [{ pid: undefined, repository: undefined, permissions }],
    })
    const others = {
      deletes: robot('artifact:delete'),
      both: robot('artifact:delete', 'repository:push'),
    }
    const api = await createDomainApi({ others })
    await api.create('team')
    const digest = await pushImage(api.oci, 'team/app', 'v1', ['one'])
    const path = `${REPOSITORY}/artifacts/${digest}`
    expect((await api.send('DELETE', path, 'deletes')).status).toBe(200)
    expect((await api.get(`${REPOSITORY}/trash`, 'deletes')).status).toBe(200)
    expect((await api.send('POST', `${path}/undelete`, 'deletes', {})).status).toBe(403)
    expect((await api.send('POST', `${path}/undelete`, 'both', {})).status).toBe(200)
  })

  it('refuses what is not in the trash, and what is no reference', async () => {
    const { oci, remove, undelete, pass } = await start()
    const digest = await pushImage(oci, 'team/app', 'v1', ['one'])
    expect(await refusal(await undelete('v2'))).toBe(
      '404 team/app:v2 is not in the trash, or not any more',
    )
    expect((await undelete(digestOf('never'))).status).toBe(404)
    expect((await undelete('sha256:1')).status).toBe(400)
    expect((await undelete(digest, { tags: ['.bad'] })).status).toBe(400)
    const many = Array.from({ length: 21 }, (_, index) => `t${index}`)
    expect(await refusal(await undelete(digest, { tags: many }))).toBe(
      '400 one request sets at most 20 tags',
    )
    expect((await undelete('v1', { repository: '/projects/team/repositories/none' })).status).toBe(
      404,
    )
    await remove(digest)
    pass(DAY_MS)
    // Nobody has emptied it yet, so it may be brought back still.
    expect((await undelete(digest)).status).toBe(200)
  })

  it('refuses what does not fit, and tags that lead elsewhere, and leaves everything as it is', async () => {
    const { oci, pull, remove, undelete, store, team } = await start()
    const digest = await pushImage(oci, 'team/app', 'v1', ['one'])
    await pushImage(oci, 'team/app', 'v2', ['two'])
    await remove(digest)
    expect(await refusal(await undelete(digest, { tags: ['v2'] }))).toBe(
      '409 the tag v2 leads to another manifest by now; choose another one, or delete it first',
    )
    // What the project has by leases is paid for.
    await setStorageLimit(store, team.pid, 1)
    expect((await undelete(digest)).status).toBe(200)
    expect(await pull(digest)).toBe(200)
  })

  it('brings images of a deleted repository back under its name, before and behind the sweeper', async () => {
    const { oci, pull, send, undelete, registry, push } = await start()
    const digest = await pushImage(oci, 'team/app', 'v1', ['one'])
    const other = await pushImage(oci, 'team/app', 'v2', ['two'])
    const { pid, rid } = await push('team/app')
    expect((await send('DELETE', REPOSITORY, 'alice')).status).toBe(200)
    expect(await pull('v1')).toBe(404)
    expect((await undelete('v1')).status).toBe(200)
    expect([await pull('v1'), await pull(digest), await pull('v2')]).toEqual([200, 200, 404])
    while ((await sweepRepository(registry, { pid, rid })) === 'more');
    expect([await pull('v1'), await pull('v2')]).toEqual([200, 404])
    expect((await undelete(other, { tags: ['again'] })).status).toBe(200)
    expect((await undelete('v2')).status).toBe(200)
    expect([await pull('again'), await pull('v2')]).toEqual([200, 200])
    expect((await push('team/app')).rid).not.toBe(rid)
  })
})

describe('GET trash', () => {
  it('lists what was deleted, the last first, a page at a time', async () => {
    const { oci, get, remove, undelete, pass } = await start()
    const first = await pushImage(oci, 'team/app', 'v1', ['one'])
    const second = await pushImage(oci, 'team/app', 'v2', ['two'])
    await remove(first)
    pass(1_000)
    await remove('v2')
    pass(1_000)
    await remove(second)
    const page = async (query: string) => {
      const response = await get(`${REPOSITORY}/trash?${query}`, 'alice')
      return { response, entries: (await response.json()) as readonly Record<string, unknown>[] }
    }
    const { entries, response } = await page('page_size=2')
    expect(response.headers.get('X-Total-Count')).toBe('4')
    expect(response.headers.get('Link')).toContain('rel="next"')
    expect(entries).toMatchObject([
      {
        ...{ kind: 'artifact', digest: second, artifact_type: expect.any(String) as string },
        ...{ size: imageJson('{}', ['two']).length + 5, kept_until: expect.any(String) as string },
      },
      { kind: 'tag', tag: 'v2', digest: second },
    ])
    const rest = await page('page_size=2&page=2')
    expect(rest.entries.map(({ kind }) => kind).sort()).toEqual(['artifact', 'tag'])
    expect((await page('page_size=2&page=3')).entries).toEqual([])
    expect((await page('page_size=101')).response.status).toBe(422)
    await undelete('v2')
    expect((await page('')).entries.map(({ tag, digest }) => tag ?? digest)).toEqual(
      expect.arrayContaining([first, 'v1']),
    )
    pass(DAY_MS)
    expect((await page('')).entries).toEqual([])
  })

  it('is empty where nothing was ever deleted', async () => {
    const { get } = await start()
    const response = await get(`${REPOSITORY}/trash`, 'alice')
    expect([response.status, await response.json()]).toEqual([200, []])
    expect((await get('/projects/none/repositories/app/trash', 'admin')).status).toBe(404)
  })
})

it('what a project had is not brought back into another one of its name', async () => {
  const { oci, remove, send, registry, team, create, undelete } = await start()
  const digest = await pushImage(oci, 'team/app', 'v1', ['one'])
  await remove(digest)
  expect((await send('DELETE', REPOSITORY, 'alice')).status).toBe(200)
  await deleteProject(registry.store, team.pid)
  await create('team')
  expect((await undelete(digest)).status).toBe(404)
})
