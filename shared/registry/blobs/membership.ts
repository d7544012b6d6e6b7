import type { Digest } from '../../oci/digest.ts'
import type { Item, ReadMode } from '../../ports.ts'
import { pages } from '../../store/query.ts'
import type { Store } from '../../store/store.ts'
import { key, prefix, type RepositoryRef } from '../../table.ts'
import { holds } from './items.ts'

const MEMBERS_PER_PAGE = 2

/** Whether a repository has a blob: by a lease that is not over, or by a manifest's reference. */
export const isMember = async (
  store: Store,
  digest: Digest,
  repository: RepositoryRef,
  read: ReadMode,
): Promise<boolean> => {
  const now = store.clock.now()
  for await (const items of memberPages(store, digest, repository, read)) {
    if (items.some((item) => holds(item, now))) return true
  }
  return false
}

/** The leases and references that make a blob a member of a repository, a page at a time. */
export const memberPages = (
  store: Store,
  digest: Digest,
  repository: RepositoryRef,
  read: ReadMode,
  limit = MEMBERS_PER_PAGE,
): AsyncGenerator<readonly Item[]> =>
  pages(store, {
    pk: key.blob(digest).pk,
    sk: { prefix: prefix.inRepository(repository) },
    limit,
    read,
  })
