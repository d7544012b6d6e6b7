import { expect, test } from 'vitest'
import { provideRegistry } from '../support/registry.ts'
import { tell } from './story.ts'

const registry = provideRegistry()

test('the client that is generated from the description of Harbor does what it is for', async () => {
  expect(await tell('harbor_client_story', registry())).toEqual({
    ...{ created: 201, location: '/api/v2.0/projects/2', again: 409, bad: 400 },
    ...{ listed: [['generated'], '1'], updated: 200, public: 'true', head: 200, no_head: 404 },
    ...{ user: 201, member: 201, members: ['admin', 'bob'] },
    ...{ robot: ['robot$generated+deploy', true], disabled: 200, is_disabled: true },
    ...{ of_project: ['robot$generated+deploy'], secret: 32, deleted: 200 },
    ...{ quota: 200, limit: 1000, users: 200, gone: 200 },
    robots_logged: ['create', 'delete', 'update'],
  })
})
