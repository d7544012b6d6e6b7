import { expect, it } from 'vitest'
import { openMemory } from '../../shared/memory/open.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { DEFAULT_LIMITS } from '../../shared/registry/context.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { DEFAULT_TIMES, shortTimes } from '../../shared/tasks/times.ts'
import { createTestApp, pushBlob } from '../support/app.ts'

it.each([
  ['as it is', DEFAULT_TIMES, 1_200],
  ['for an hour', shortTimes(3_600_000), 1_200],
  ['for five seconds', shortTimes(5_000), 5],
  ['not at all', shortTimes(100), 1],
] as const)(
  'a signed URL ends before its object goes when garbage is left alone %s',
  async (_how, times, seconds) => {
    const { kv, objects: memory } = openMemory()
    const given: number[] = []
    const objects = {
      ...memory,
      signedRead: (_key: string, { expiresInSeconds }: { readonly expiresInSeconds: number }) => {
        given.push(expiresInSeconds)
        return Promise.resolve('https://store.example.com/')
      },
    }
    const store = { kv, clock: systemClock, ids: createRandomIds(), times }
    const repositories = createRepositories(store, { createProjectsOnPush: true })
    const context = { store, objects, repositories, limits: DEFAULT_LIMITS, allowSparse: false }
    const registry = createTestApp({ context })
    const digest = await pushBlob(registry, 'p/a', 'one')
    expect((await registry.app.request(`/v2/p/a/blobs/${digest}`)).status).toBe(307)
    expect(given).toEqual([seconds])
    // `shortTimes(100)` is no more than a URL can be signed for.
    if (times.pullGrace >= 1_000) expect(seconds * 1_000).toBeLessThanOrEqual(times.pullGrace)
  },
)
