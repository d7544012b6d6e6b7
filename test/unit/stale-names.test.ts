import { expect, it } from 'vitest'
import { openMemory } from '../../shared/memory/open.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import { parseRepositoryName } from '../../shared/oci/name.ts'
import { readProject } from '../../shared/projects/find.ts'
import { createRepositories } from '../../shared/projects/repositories.ts'
import { findBlobToPush } from '../../shared/registry/blobs/find.ts'
import { DEFAULT_LIMITS, type RegistryContext } from '../../shared/registry/context.ts'
import { deleteRepository } from '../../shared/repositories/delete.ts'
import { readListed } from '../../shared/repositories/find.ts'
import { systemClock } from '../../shared/system/clock.ts'
import { createRandomIds } from '../../shared/system/ids.ts'
import { createTestApp, pushBlob } from '../support/app.ts'

const name = parseRepositoryName('p/a')

it('who is about to push is not told of a blob of a repository that had the name before', async () => {
  const { kv, objects } = openMemory()
  const store = { kv, clock: systemClock, ids: createRandomIds() }
  /** Each believes for a minute what it has read of names. */
  const start = (): RegistryContext => ({
    ...{ store, objects, limits: DEFAULT_LIMITS, allowSparse: false },
    repositories: createRepositories(store, { createProjectsOnPush: true }),
  })
  const [one, other] = [start(), start()]
  const digest = digestOf('one')
  await pushBlob(createTestApp({ context: one }), 'p/a', 'one')
  await findBlobToPush(one, name, digest)
  const { pid } = await other.repositories.forPush(name)
  await deleteRepository(
    other,
    await readListed(store, await readProject(store, { pid }), name.path),
  )
  await expect(findBlobToPush(one, name, digest)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
  await other.repositories.forPush(name)
  await expect(findBlobToPush(one, name, digest)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' })
})
