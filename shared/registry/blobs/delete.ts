import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { RepositoryName } from '../../oci/name.ts'
import { transact } from '../../store/transact.ts'
import { key } from '../../table.ts'
import { enqueue } from '../../tasks/tasks.ts'
import type { RegistryContext } from '../context.ts'
import { blobUnknown, nameUnknown } from './find.ts'
import { leaseLeft } from './items.ts'
import { memberPages } from './membership.ts'

const MEMBERS_PER_PAGE = 100

/**
 * Takes a blob out of a repository; its bytes go when nobody holds them any more.
 * @throws RegistryError NAME_UNKNOWN, BLOB_UNKNOWN; DENIED (409) while a manifest of the repository refers to it
 */
export const deleteBlob = async (
  { store, repositories }: RegistryContext,
  name: RepositoryName,
  digest: Digest,
): Promise<void> => {
  const repository = await repositories.existing(name)
  if (repository === undefined) throw nameUnknown(name)
  const leaseKey = key.lease(digest, repository)
  const now = store.clock.now()
  let leased = false
  for await (const items of memberPages(store, digest, repository, 'strong', MEMBERS_PER_PAGE)) {
    const lease = items.find(({ sk }) => sk === leaseKey.sk)
    leased ||= leaseLeft(lease, now) > 0
    if (items.some(({ sk }) => sk !== leaseKey.sk)) throw referred(digest)
  }
  if (!leased) throw blobUnknown(digest)
  await transact(store, [
    { op: 'delete', key: leaseKey },
    enqueue(store.ids, now, { type: 'LINK_REVIEW', digest, pid: repository.pid }),
  ])
}

const referred = (digest: Digest): RegistryError =>
  new RegistryError('DENIED', {
    status: 409,
    message: 'a manifest of this repository refers to the blob; delete the manifest first',
    detail: { digest },
  })
