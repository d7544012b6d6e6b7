import { describe, expect, it } from 'vitest'
import { writeImage } from '../support/layout.ts'
import { provideRegistry } from '../support/registry.ts'
import { provideWorkspace } from '../support/workspace.ts'
import { tell } from './story.ts'

const registry = provideRegistry()
const workspace = provideWorkspace(registry)

/** The stories go on from one another. */
describe('harborapi', () => {
  it('asks what kind of registry this is, and changes a setting', async () => {
    expect(await tell('harborapi_story', registry(), 'system')).toEqual({
      ...{ ping: 'Pong', health: 'healthy', info: 'db_auth', me: 'admin', volumes: 1 },
      ...{ prefix: 'robot$', banner: '{"message":"hi"}', wrong: 401 },
    })
  })

  it('makes, lists, changes and deletes projects', async () => {
    const tens = Array.from({ length: 10 }, (_, index) => index)
    expect(await tell('harborapi_story', registry(), 'projects')).toEqual({
      ...{ location: '/api/v2.0/projects/team', again: 409, exists: true, missing: false },
      project: { name: 'team', owner: 'admin', public: 'false', by_id: 'team' },
      // 25, team and library, over three pages.
      count: 27,
      filtered: tens.map((index) => `many-0${9 - index}`),
      ...{ published: 'true', summary: { quota: { storage: 10_000_000 }, admins: 1 } },
      ...{ deletable: true, deleted: 404, statistics: 26 },
      search: tens.map((index) => `many-1${index}`),
    })
  })

  it('makes users and members, and takes them away', async () => {
    expect(await tell('harborapi_story', registry(), 'members')).toEqual({
      ...{ alice: { mail: 'alice@example.org', admin: false }, changed: 'a@example.org' },
      ...{ found: ['alice'], member: expect.stringMatching(/\/members\/\d+$/) as unknown },
      members: [
        ['admin', 'projectAdmin'],
        ['alice', 'developer'],
      ],
      ...{ role: 4, hers: ['library', 'team'], forbidden: 403, left: ['admin'] },
      ...{ admin: true, users: ['admin'], groups: 0 },
    })
  })

  it('sets quotas', async () => {
    expect(await tell('harborapi_story', registry(), 'quotas')).toEqual({
      quota: { storage: 10_000_000 },
      lowered: { storage: 5 },
    })
  })

  it('makes a robot of several projects, and lets it do more by the same secret', async () => {
    expect(await tell('harborapi_story', registry(), 'robots')).toEqual({
      robot: { name: 'robot$ci', secret: 32, expires: -1 },
      ...{ namespaces: ['team', 'many-01'], listed: ['robot$ci'] },
      ...{ all_permissions: true, gone: 404 },
    })
  })

  describe('with an image', () => {
    it('looks at it, tags it, labels it, copies it and deletes the copy', async () => {
      const layout = await writeImage(await workspace().directory('image'))
      const reference = `${registry().host}/team/app/api:v1`
      await workspace().run('crane', 'push', layout.path, reference)
      const { digest } = layout
      expect(await tell('harborapi_story', registry(), 'artifacts')).toMatchObject({
        repositories: ['team/app/api'],
        repository: { artifacts: 1, id: true },
        artifacts: [{ type: 'IMAGE', tags: ['v1'], size: true }],
        artifact: { digest },
        ...{ tags: ['stable', 'v1'], labels: ['tested'], copied: digest },
        ...{ accessories: 0, rest: [] },
      })
    })

    it('reads in the audit log what was done', async () => {
      const told = await tell('harborapi_story', registry(), 'audit')
      expect(told['by']).toEqual(['admin'])
      expect(told['of_team']).toBe(true)
      expect(told['operations']).toEqual(
        expect.arrayContaining([
          ...['create artifact', 'create project', 'delete project', 'update project'],
          ...['create member', 'update quota', 'update configuration'],
        ]),
      )
    })
  })
})
