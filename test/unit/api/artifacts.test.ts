import { describe, expect, it } from 'vitest'
import { digestOf } from '../../../shared/oci/digest.ts'
import { addMember } from '../../../shared/projects/add-member.ts'
import type { Role } from '../../../shared/auth/roles.ts'
import type { Store } from '../../../shared/store/store.ts'
import { imageJson, indexJson, pushBlob, pushImage, putManifest } from '../../support/app.ts'
import { createDomainApi, refusal } from './domain.ts'

const PATH = '/projects/team/repositories/app/artifacts'

type Json = Readonly<Record<string, unknown>>

/** What the store is asked, without names: `query REPOSITORY ARTIFACT#`. */
const createCounting = () => {
  const calls: string[] = []
  const wrap = (store: Store): Store => ({
    ...store,
    kv: {
      ...store.kv,
      get: async (key, read) => {
        calls.push(`get ${key.pk.split('#')[0] ?? ''}`)
        return await store.kv.get(key, read)
      },
      batchGet: async (keys, read) => {
        calls.push(keys.every(({ sk }) => sk.startsWith('COUNT#')) ? 'batchGet COUNT#' : 'batchGet')
        return await store.kv.batchGet(keys, read)
      },
      query: async (query) => {
        const { pk, sk } = query
        const range = sk !== undefined && 'prefix' in sk ? sk.prefix : ''
        calls.push(`query ${pk.split('#')[0] ?? ''} ${range}`)
        return await store.kv.query(query)
      },
    },
  })
  return { calls, wrap }
}

const start = async (wrap?: (store: Store) => Store) => {
  const api = await createDomainApi(wrap && { wrap })
  const { alice, bob, store, get, oci, pass } = api
  const project = await api.create('team')
  const addBob = async (role: Role) => {
    const facts = { pid: project.pid, isPublic: false, role: 'projectAdmin' } as const
    const given = { user: bob.number, userName: bob.name, role }
    return await addMember(store, { principal: alice, facts }, given)
  }
  const read = async (path: string, as = 'alice'): Promise<Json> =>
    (await (await get(path, as)).json()) as Json
  const list = async (query = '') => {
    const response = await get(`${PATH}${query}`, 'alice')
    const artifacts = (await response.json()) as Json[]
    return { artifacts, total: response.headers.get('X-Total-Count') }
  }
  /** Tags of the artifacts of a page, each artifact's in brackets. */
  const listTags = async (query = '') => {
    const { artifacts, total } = await list(query)
    const tags = artifacts.map(({ tags: of }) =>
      ((of ?? []) as { readonly name: string }[]).map(({ name }) => name).join('+'),
    )
    return `${tags.join(' ')} of ${String(total)}`
  }
  const push = async (tag: string, extra: Json = {}) => {
    pass(1_000)
    return await pushImage(oci, 'team/app', tag, [`layer of ${tag}`], extra)
  }
  return { ...api, project, addBob, read, list, listTags, push }
}

describe('GET artifacts', () => {
  it('tells of each what Harbor tells', async () => {
    const { push, list } = await start()
    const digest = await push('v1', { annotations: { a: 'b' } })
    const { artifacts, total } = await list('?with_label=true&with_accessory=true')
    expect(total).toBe('1')
    expect(artifacts).toEqual([
      {
        id: expect.any(Number) as number,
        type: 'IMAGE',
        media_type: 'application/vnd.oci.image.config.v1+json',
        manifest_media_type: 'application/vnd.oci.image.manifest.v1+json',
        artifact_type: 'application/vnd.oci.image.config.v1+json',
        project_id: 2,
        repository_id: expect.any(Number) as number,
        repository_name: 'team/app',
        digest,
        size: imageJson('{}', ['layer of v1'], { annotations: { a: 'b' } }).length + 2 + 11,
        icon: '',
        push_time: expect.stringMatching(/^20/) as string,
        pull_time: '0001-01-01T00:00:00.000Z',
        extra_attrs: {},
        annotations: { a: 'b' },
        references: null,
        tags: [
          {
            id: expect.any(Number) as number,
            repository_id: artifacts[0]?.['repository_id'],
            artifact_id: artifacts[0]?.['id'],
            name: 'v1',
            push_time: expect.stringMatching(/^20/) as string,
            pull_time: '0001-01-01T00:00:00.000Z',
            immutable: false,
          },
        ],
        addition_links: {
          build_history: {
            href: `/api/v2.0${PATH}/${digest}/additions/build_history`,
            absolute: false,
          },
        },
        labels: null,
        accessories: null,
      },
    ])
  })

  it('pages, those pushed last first', async () => {
    const { push, listTags } = await start()
    for (const tag of ['a', 'b', 'c']) await push(tag)
    expect(await listTags('?page_size=2')).toBe('c b of 3')
    expect(await listTags('?page_size=2&page=2')).toBe('a of 3')
    expect(await listTags('?page_size=2&page=3')).toBe(' of 3')
    expect(await listTags('?sort=-push_time&page_size=1')).toBe('c of 3')
    expect(await listTags('?sort=push_time&page_size=1')).toBe('a of 3')
    expect(await listTags('?with_tag=false')).toBe('   of 3')
  })

  it('filters by tags, digest and type', async () => {
    const { push, listTags, oci } = await start()
    const digest = await push('v1')
    await push('v2')
    await push('x')
    await oci.app.request('/v2/team/app/manifests/x', { method: 'DELETE' })
    expect(await listTags('?q=tags%3Dv1')).toBe('v1 of 1')
    expect(await listTags('?q=tags%3D~v')).toBe('v2 v1 of 2')
    expect(await listTags('?q=tags%3D*')).toBe('v2 v1 of 2')
    expect(await listTags('?q=tags%3Dnil')).toBe(' of 1')
    expect(await listTags(`?q=digest%3D${digest}`)).toBe('v1 of 1')
    expect(await listTags('?q=type%3DIMAGE')).toBe(' v2 v1 of 3')
    expect(await listTags('?q=type%3DCHART')).toBe(' of 0')
    expect(await listTags('?q=tags%253Dv1')).toBe('v1 of 1')
  })

  it('shows an index with its parts, and these alone only where they have tags', async () => {
    const { push, listTags, list, oci } = await start()
    await push('one')
    await push('gone')
    await oci.app.request('/v2/team/app/manifests/gone', { method: 'DELETE' })
    const parts = ['one', 'gone'].map((tag) => imageJson('{}', [`layer of ${tag}`]))
    const index = indexJson(parts)
    expect(await listTags()).toBe(' one of 2')
    expect((await putManifest(oci, 'team/app', 'all', index)).status).toBe(201)
    expect(await listTags()).toContain('all')
    expect(await listTags()).toMatch(/ of 2$/)
    const { artifacts } = await list('?q=tags%3Dall')
    const sizes = parts.map((part) => part.length + 2).reduce((sum, size) => sum + size)
    expect(artifacts).toMatchObject([
      {
        size: index.length + sizes + 'layer of one'.length + 'layer of gone'.length,
        media_type: 'application/vnd.oci.image.index.v1+json',
        references: parts.map((part) => ({ child_digest: digestOf(part) })),
        addition_links: {},
      },
    ])
  })

  it('asks the store as often where there are indexes as where there are none, and for no part of them', async () => {
    const counting = createCounting()
    const api = await start(counting.wrap)
    const { push, list, oci, read } = api
    for (const tag of ['a', 'b', 'c']) await push(tag)
    counting.calls.length = 0
    expect((await list('?page_size=2')).artifacts).toHaveLength(2)
    const without = counting.calls.toSorted()
    for (const tag of ['a', 'b', 'c']) {
      const parts = Array.from({ length: 5 }, (_, part) =>
        imageJson('{}', [`layer of ${tag}`], { annotations: { part: `${part} of ${tag}` } }),
      )
      for (const part of parts) {
        expect((await putManifest(oci, 'team/app', digestOf(part), part)).status).toBe(201)
      }
      api.pass(1_000)
      const index = await putManifest(oci, 'team/app', `all-${tag}`, indexJson(parts))
      expect(index.status).toBe(201)
    }
    counting.calls.length = 0
    const { artifacts, total } = await list('?page_size=2')
    expect(artifacts).toMatchObject([{ tags: [{ name: 'all-c' }] }, { tags: [{ name: 'all-b' }] }])
    expect(total).toBe('6')
    expect(counting.calls.toSorted()).toEqual(without)
    expect(counting.calls.filter((call) => call === 'query REPOSITORY ARTIFACT#')).toHaveLength(1)
    expect(counting.calls.filter((call) => call === 'batchGet COUNT#')).toHaveLength(1)
    expect(await api.listTags('?page_size=2&page=2')).toBe('all-a c of 6')
    expect(await api.listTags('?page_size=2&page=3')).toBe('b a of 6')
    expect(await api.listTags('?q=type%3DIMAGE')).toBe('all-c all-b all-a c b a of 6')
    expect(await read('/projects/team/repositories/app')).toMatchObject({ artifact_count: 6 })
  })

  it('leaves out what is about another artifact', async () => {
    const { push, listTags, read } = await start()
    const digest = await push('v1')
    const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 }
    await push('sbom', { subject, artifactType: 'application/vnd.goharbor.harbor.sbom.v1' })
    await push(`${digest.replace(':', '-')}.sig`)
    expect(await listTags()).toBe('v1 of 1')
    expect(await read(`${PATH}/v1?with_accessory=true`)).toMatchObject({
      accessories: [
        { type: 'sbom.harbor', subject_artifact_digest: digest, subject_artifact_repo: 'team/app' },
        { type: 'signature.cosign' },
      ],
    })
    expect(await read('/projects/team/repositories/app')).toMatchObject({ artifact_count: 1 })
  })

  it('is nothing without the repository, and nothing to strangers', async () => {
    const { ask, push } = await start()
    expect(await ask(PATH, 'alice')).toBe('404 NOT_FOUND')
    await push('v1')
    expect(await ask(PATH)).toBe('401 UNAUTHORIZED')
    expect(await ask(PATH, 'bob')).toBe('403 FORBIDDEN')
    expect(await ask(`${PATH}/v1`, 'bob')).toBe('403 FORBIDDEN')
  })
})

describe('GET an artifact', () => {
  it('is by tag or by digest, with what its config says', async () => {
    const { oci, read, ask } = await start()
    const config = JSON.stringify({
      ...{ architecture: 'arm64', os: 'linux', author: 'me', created: '2024-01-01T00:00:00Z' },
      config: { Env: ['A=B'] },
    })
    await pushBlob(oci, 'team/app', config)
    await pushBlob(oci, 'team/app', 'layer')
    const image = imageJson(config, ['layer'])
    expect((await putManifest(oci, 'team/app', 'v1', image)).status).toBe(201)
    const found = await read(`${PATH}/v1`)
    expect(found).toMatchObject({
      digest: digestOf(image),
      extra_attrs: {
        ...{ architecture: 'arm64', os: 'linux', author: 'me', created: '2024-01-01T00:00:00Z' },
        config: { Env: ['A=B'] },
      },
    })
    expect(await read(`${PATH}/${digestOf(image)}`)).toEqual(found)
    expect(await ask(`${PATH}/v2`, 'alice')).toBe('404 NOT_FOUND')
    expect(await ask(`${PATH}/${digestOf('x')}`, 'alice')).toBe('404 NOT_FOUND')
    expect(await ask(`${PATH}/sha256:1`, 'alice')).toBe('400 BAD_REQUEST')
    expect(await ask(`${PATH}/.x`, 'alice')).toBe('400 BAD_REQUEST')
  })

  it('does without a config that is no JSON', async () => {
    const { oci, read } = await start()
    for (const blob of ['config?', 'layer']) await pushBlob(oci, 'team/app', blob)
    await putManifest(oci, 'team/app', 'v1', imageJson('config?', ['layer']))
    expect(await read(`${PATH}/v1`)).toMatchObject({ extra_attrs: {} })
  })
})

describe('DELETE an artifact', () => {
  it('takes all its tags along, and is refused for a part of an index', async () => {
    const { push, send, ask, oci, list, addBob } = await start()
    const digest = await push('v1')
    await send('POST', `${PATH}/v1/tags`, 'alice', { name: 'v2' })
    await putManifest(oci, 'team/app', 'all', indexJson([imageJson('{}', ['layer of v1'])]))
    expect((await send('DELETE', `${PATH}/v1`, 'alice')).status).toBe(412)
    expect((await send('DELETE', `${PATH}/all`, 'alice')).status).toBe(200)
    await addBob('developer')
    expect((await send('DELETE', `${PATH}/v1`, 'bob')).status).toBe(403)
    expect((await send('DELETE', `${PATH}/v1`, 'alice')).status).toBe(200)
    for (const reference of ['v1', 'v2', digest]) {
      expect(await ask(`${PATH}/${reference}`, 'alice')).toBe('404 NOT_FOUND')
    }
    expect((await send('DELETE', `${PATH}/v1`, 'alice')).status).toBe(404)
    expect((await list()).total).toBe('0')
  })
})

describe('tags of an artifact', () => {
  it('are made once in a repository', async () => {
    const { push, send, addBob } = await start()
    await push('v1')
    await push('v2')
    await addBob('developer')
    const add = async (name: string, to = 'v1') =>
      await send('POST', `${PATH}/${to}/tags`, 'bob', { name })
    const response = await add('latest')
    expect(response.status).toBe(201)
    expect(response.headers.get('Location')).toMatch(/\/artifacts\/sha256:[0-9a-f]+\/tags\/latest$/)
    expect(await refusal(await add('latest'))).toBe('409 team/app has a tag latest already')
    expect((await add('latest', 'v2')).status).toBe(409)
    expect((await add('.x')).status).toBe(400)
    expect((await add('x', 'v3')).status).toBe(404)
    expect((await send('POST', `${PATH}/v1/tags`, 'bob', {})).status).toBe(422)
    const both = await Promise.all([add('new'), add('new', 'v2')])
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
  })

  it('are listed, a page at a time, and found by name', async () => {
    const { push, send, get } = await start()
    await push('b')
    for (const name of ['a', 'c']) await send('POST', `${PATH}/b/tags`, 'alice', { name })
    const names = async (query: string) => {
      const response = await get(`${PATH}/b/tags${query}`, 'alice')
      const page = (await response.json()) as { readonly name: string }[]
      return `${page.map(({ name }) => name).join(' ')} of ${String(response.headers.get('X-Total-Count'))}`
    }
    expect(await names('')).toBe('a b c of 3')
    expect(await names('?page_size=2&page=2')).toBe('c of 3')
    expect(await names('?sort=-name')).toBe('c b a of 3')
    expect(await names('?q=name%3Da')).toBe('a of 1')
  })

  it('are taken off, and only those that are its own', async () => {
    const { push, send, ask, addBob } = await start()
    const digest = await push('v1')
    await push('v2')
    expect((await send('DELETE', `${PATH}/v1/tags/v2`, 'alice')).status).toBe(404)
    await addBob('developer')
    expect((await send('DELETE', `${PATH}/v1/tags/v1`, 'bob')).status).toBe(403)
    expect((await send('DELETE', `${PATH}/v1/tags/v1`, 'alice')).status).toBe(200)
    expect(await ask(`${PATH}/v1`, 'alice')).toBe('404 NOT_FOUND')
    expect(await ask(`${PATH}/${digest}`, 'alice')).toBe('200')
  })
})

describe('labels of an artifact', () => {
  const withLabels = async () => {
    const api = await start()
    const { create, send, push } = api
    await create('other')
    await push('v1')
    await push('v2')
    const label = async (as: string, body: unknown) =>
      (await send('POST', '/labels', as, body)).status
    await label('admin', { name: 'global', scope: 'g' })
    await label('alice', { name: 'own', scope: 'p', project_id: 2 })
    await label('alice', { name: 'foreign', scope: 'p', project_id: 3 })
    const put = async (id: number, to = 'v1', as = 'alice') =>
      (await send('POST', `${PATH}/${to}/labels`, as, { id })).status
    return { ...api, put }
  }

  it('are put on and taken off, those of the registry and of the project', async () => {
    const { put, send, read, addBob } = await withLabels()
    await addBob('guest')
    expect(await put(1, 'v1', 'bob')).toBe(403)
    expect([await put(1), await put(2), await put(1)]).toEqual([200, 200, 409])
    expect([await put(3), await put(9), await put(1, 'v9')]).toEqual([400, 404, 404])
    expect(await read(`${PATH}/v1?with_label=true`)).toMatchObject({
      labels: [
        { name: 'global', scope: 'g' },
        { name: 'own', scope: 'p', project_id: 2 },
      ],
    })
    const off = async (id: number) =>
      (await send('DELETE', `${PATH}/v1/labels/${id}`, 'alice')).status
    expect([await off(1), await off(1)]).toEqual([200, 404])
    await send('DELETE', '/labels/2', 'alice')
    expect(await read(`${PATH}/v1?with_label=true`)).toMatchObject({ labels: null })
  })

  it('find artifacts', async () => {
    const { put, listTags } = await withLabels()
    await Promise.all([put(1), put(2), put(1, 'v2')])
    expect(await listTags('?q=labels%3D(1%202)')).toBe('v1 of 1')
    expect(await listTags('?q=labels%3D(1)')).toBe('v2 v1 of 2')
    expect(await listTags('?q=labels%3D(3)')).toBe(' of 0')
  })

  it('do not come back with an artifact that was deleted', async () => {
    const { put, send, push, read, listTags } = await withLabels()
    await put(1)
    await send('DELETE', `${PATH}/v1`, 'alice')
    await push('v1')
    expect(await read(`${PATH}/v1?with_label=true`)).toMatchObject({ labels: null })
    expect(await listTags('?q=labels%3D(1)')).toBe(' of 0')
    expect(await put(1)).toBe(200)
  })
})
