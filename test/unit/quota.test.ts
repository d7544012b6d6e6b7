import { describe, expect, it } from 'vitest'
import { digestOf } from '../../shared/oci/digest.ts'
import { createProject } from '../../shared/projects/create.ts'
import { parseProjectName } from '../../shared/projects/name.ts'
import { setStorageLimit } from '../../shared/quota/limit.ts'
import { readQuota } from '../../shared/quota/read.ts'
import type { QuotaWarning } from '../../shared/registry/context.ts'
import { createQuotaWarnings } from '../../shared/registry/quota-warnings.ts'
import type { ProjectId } from '../../shared/table.ts'
import { createTestApp, imageJson, pushBlob, pushImage, putManifest } from '../support/app.ts'
import { createTestStore, createTestUser } from '../support/domain.ts'

const KIB = 1024
const LAYER = 16 * KIB

const open = async (limitBytes: number) => {
  const warnings: QuotaWarning[] = []
  const registry = createTestApp({ quotaWarned: (warning) => warnings.push(warning) })
  const store = { ...createTestStore(), kv: registry.kv }
  const owner = await createTestUser(store, 2)
  const make = async (name: string) =>
    await createProject(store, owner, {
      name: parseProjectName(name),
      storageLimitBytes: limitBytes,
    })
  const { pid } = await make('team')
  const used = async () => (await readQuota(store, pid))?.usedBytes
  const push = async (name: string, content: string) => {
    try {
      await pushBlob(registry, name, content.padEnd(LAYER, '.'))
      return 'done'
    } catch (error) {
      return error instanceof Error ? error.message : 'failed'
    }
  }
  return { registry, store, pid, push, used, warnings, make }
}

describe('a storage quota', () => {
  it('takes 64 concurrent pushes into its last megabyte, every one that fits and none that does not', async () => {
    const { push, used } = await open(64 * LAYER)
    const fitting = Array.from({ length: 64 }, (_, index) => push(`team/a${index % 7}`, `${index}`))
    expect(new Set(await Promise.all(fitting))).toEqual(new Set(['done']))
    expect(await used()).toBe(64 * LAYER)
    expect(await push('team/a', 'one more')).toBe('blob push: 403')
  })

  it('is never exceeded, and used up to the last that fits, when twice as much is pushed at once', async () => {
    const { push, used } = await open(32 * LAYER)
    const pushes = Array.from({ length: 64 }, (_, index) => push(`team/a${index % 7}`, `${index}`))
    const outcomes = await Promise.all(pushes)
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(32)
    expect(outcomes.filter((outcome) => outcome === 'blob push: 403')).toHaveLength(32)
    expect(await used()).toBe(32 * LAYER)
  })

  it('counts a blob once in a project, and again in another one', async () => {
    const { make, push, store, used } = await open(2 * LAYER)
    const other = await make('other')
    for (const name of ['team/a', 'team/b', 'team/c', 'other/a'])
      expect(await push(name, 'same')).toBe('done')
    expect(await used()).toBe(LAYER)
    expect((await readQuota(store, other.pid))?.usedBytes).toBe(LAYER)
  })

  it('refuses in the words of Harbor, and leaves nothing behind that counts', async () => {
    const { registry, used } = await open(100 * KIB)
    await pushBlob(registry, 'team/a', 'x'.repeat(90 * KIB))
    const body = 'y'.repeat(20 * KIB)
    const answer = await registry.app.request(
      `/v2/team/a/blobs/uploads/?digest=${digestOf(body)}`,
      {
        method: 'POST',
        headers: { 'Content-Length': String(body.length) },
        body: Buffer.from(body),
      },
    )
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({
      errors: [
        {
          code: 'DENIED',
          message:
            'adding 20 KiB of storage resource, which when updated to current usage of 90 KiB will exceed the configured upper limit of 100 KiB.',
          detail: { requiredBytes: 20 * KIB, usedBytes: 90 * KIB, limitBytes: 100 * KIB },
        },
      ],
    })
    expect(await used()).toBe(90 * KIB)
    const head = await registry.app.request(`/v2/team/a/blobs/${digestOf(body)}`, {
      method: 'HEAD',
    })
    expect(head.status).toBe(404)
  })

  it('holds for mounts, too, and for what goes by another way', async () => {
    const { make, push, registry, store } = await open(3 * LAYER)
    const { pid } = await make('other')
    expect(await push('team/a', 'same')).toBe('done')
    await setStorageLimit(store, pid, LAYER - 1)
    const digest = digestOf('same'.padEnd(LAYER, '.'))
    const mount = async () => {
      const path = `/v2/other/a/blobs/uploads/?mount=${digest}&from=team/a`
      return await registry.app.request(path, { method: 'POST' })
    }
    const refused = await mount()
    expect([refused.status, await refused.text()]).toEqual([
      403,
      expect.stringContaining('will exceed the configured upper limit of 16 KiB') as string,
    ])
    expect((await readQuota(store, pid))?.usedBytes).toBe(0)
    await setStorageLimit(store, pid, LAYER)
    expect((await mount()).status).toBe(201)
    expect((await readQuota(store, pid))?.usedBytes).toBe(LAYER)
  })

  it('that is lowered below what is used stops pushes, not pulls and not deletions', async () => {
    const { pid, push, registry, store } = await open(1_000 * KIB)
    const digest = await pushImage(registry, 'team/a', 'v1', ['one'])
    await setStorageLimit(store, pid, 1)
    expect(await push('team/a', 'more')).toBe('blob push: 403')
    const ask = async (path: string, method = 'GET') =>
      (await registry.app.request(path, { method })).status
    expect(await ask('/v2/team/a/manifests/v1')).toBe(200)
    expect(await ask('/v2/team/a/manifests/v1', 'DELETE')).toBe(202)
    expect(await ask(`/v2/team/a/manifests/${digest}`, 'DELETE')).toBe(202)
    await setStorageLimit(store, pid, -1)
    expect(await push('team/a', 'more')).toBe('done')
  })

  it('of which 85 % are used is told of, and not before', async () => {
    const { push, registry, warnings } = await open(100 * KIB)
    await pushImage(registry, 'team/a', 'v1', ['x'.repeat(80 * KIB)])
    expect(warnings).toEqual([])
    expect(await push('team/a', 'more')).toBe('done')
    await pushBlob(registry, 'team/a', 'small')
    await putManifest(registry, 'team/a', 'v2', imageJson('{}', ['small']))
    expect(warnings).toMatchObject([{ project: 'team', limitBytes: 100 * KIB }])
  })

  it('is told of to people once an hour for each project, however much is pushed', () => {
    const told: unknown[] = []
    let now = 1_800_000_000_000
    const warn = createQuotaWarnings({ now: () => now }, (_message, fields) => told.push(fields))
    const heard = (project: string) =>
      warn?.({
        ...{ pid: `${project}-pid` as ProjectId, project: parseProjectName(project) },
        ...{ limitBytes: 100 * KIB, usedBytes: 90 * KIB, updatedAt: undefined },
      })
    for (let push = 0; push < 3; push += 1) heard('team')
    heard('other')
    now += 59 * 60_000
    heard('team')
    expect(told).toEqual([
      { project: 'team', used: '90 KiB', limit: '100 KiB' },
      { project: 'other', used: '90 KiB', limit: '100 KiB' },
    ])
    now += 60_000
    heard('team')
    expect(told).toHaveLength(3)
  })
})
