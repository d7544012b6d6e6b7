import { describe, expect, it } from 'vitest'
import { addMember } from '../../../shared/projects/add-member.ts'
import { openMemory } from '../../../shared/memory/open.ts'
import { entryWrites } from '../../../shared/audit/entry.ts'
import { parseRepositoryName } from '../../../shared/oci/name.ts'
import { transact } from '../../../shared/store/transact.ts'
import type { ProjectId } from '../../../shared/table.ts'
import { imageJson, pushBlob, putManifest } from '../../support/app.ts'
import { createCounter } from '../../support/counter.ts'
import { createTestUser } from '../../support/domain.ts'
import { createDomainApi } from './domain.ts'

const MANY = 1_000

/** Projects of `alice`, every other of them public, and in the first of them so many members. */
const start = async (size: number) => {
  const counter = createCounter()
  const api = await createDomainApi({
    wrap: (store) => ({
      ...store,
      kv: counter.wrap({ kv: store.kv, objects: openMemory().objects }).kv,
    }),
  })
  const { alice, real } = api
  const first = await api.create('p')
  for (let index = 1; index < size; index += 1) {
    await api.create(`p${String(index).padStart(4, '0')}`, alice, index % 2 === 1)
  }
  const facts = { pid: first.pid, isPublic: false, role: 'projectAdmin' } as const
  for (let index = 1; index < size; index += 1) {
    const { number, name } = await createTestUser(real, 100 + index)
    const given = { user: number, userName: name, role: 'guest' } as const
    await addMember(real, { principal: alice, facts }, given)
  }
  await fill(api, first.pid, size)
  return async (path: string, as?: string) =>
    await counter.measure(async () => await api.get(path, as))
}

/** So many repositories in the first project, artifacts and tags in one of them, labels and entries of the audit log. */
const fill = async (
  { oci, real, registry, send }: Awaited<ReturnType<typeof createDomainApi>>,
  pid: ProjectId,
  size: number,
): Promise<void> => {
  const log = { name: 'alice', address: '' }
  const event = { operation: 'create', resourceType: 'artifact', resource: 'p/a', pid } as const
  await pushBlob(oci, 'p/app', '{}')
  for (let index = 0; index < size; index += 1) {
    const name = String(index).padStart(4, '0')
    await registry.repositories.forPush(parseRepositoryName(`p/r${name}`))
    await send('POST', '/labels', 'admin', { name, scope: 'g' })
    await transact(real, entryWrites(real, log, event))
    const image = imageJson('{}', [], { annotations: { name } })
    if ((await putManifest(oci, 'p/app', name, image)).status !== 201) throw new Error(name)
  }
  const same = imageJson('{}', [], { annotations: { name: '0000' } })
  for (let index = 1; index < Math.min(size, 100); index += 1) {
    await putManifest(oci, 'p/app', `t${index}`, same)
  }
}

const lists = Promise.all([start(10), start(MANY)])

describe('round trips of the first page', () => {
  it.each([
    ['/projects', 'admin', 2],
    ['/projects', 'alice', 4],
    ['/projects', undefined, 2],
    ['/projects?public=true&page_size=2&page=2', 'admin', 2],
    ['/projects/p/members', 'alice', 3],
    ['/projects/p/repositories', 'alice', 4],
    ['/repositories', 'admin', 3],
    ['/projects/p/repositories/app/artifacts', 'alice', 6],
    ['/projects/p/repositories/app/artifacts/0000/tags', 'alice', 7],
    ['/labels?scope=g', 'alice', 1],
    ['/audit-logs', 'admin', 2],
    ['/auditlog-exts', 'admin', 2],
    ['/projects/p/logs', 'alice', 4],
    ['/quotas', 'admin', 2],
    ['/quotas?reference=project&reference_id=3', 'admin', 3],
  ])('of %s for %s do not grow with the list', async (path, as, trips) => {
    const [few, many] = await lists
    expect([await few(path, as), await many(path, as)]).toEqual([
      [200, trips],
      [200, trips],
    ])
  })
})
