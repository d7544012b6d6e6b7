import { guardOfBlob, guardOfLink } from '../../guards/guarded.ts'
import { protect } from '../../guards/protect.ts'
import type { Digest } from '../../oci/digest.ts'
import type { CheckItem, PutItem } from '../../ports.ts'
import { createCharge, type Charge } from '../../quota/charge.ts'
import { isOfQuota } from '../../quota/plan.ts'
import { isThere } from '../../store/checks.ts'
import { readAll, type Found } from '../../store/batch.ts'
import { timesOf, type Store } from '../../store/store.ts'
import { transactNamed } from '../../store/transact.ts'
import { key, type RepositoryRef } from '../../table.ts'
import { enqueue } from '../../tasks/tasks.ts'
import { newLease, newLink, parseWholeBlob, type Blob } from './items.ts'

/** The review that a lease makes necessary when it ends, written in the transaction that writes the lease. */
export const reviewAfterLease = (
  store: Store,
  digest: Digest,
  { pid, rid }: RepositoryRef,
): PutItem => {
  const { clockSkew, lease } = timesOf(store)
  const dueAt = store.clock.now() + lease + clockSkew
  return enqueue(store.ids, dueAt, { type: 'LINK_REVIEW', digest, pid, lease: rid })
}

/** What the caller of `holdBlob` has done already. */
type Held = {
  /** A strong read of the blob and the link. */
  readonly look?: Found
  /** The repository has a lease, by `leaseBlob`. */
  readonly isLeased?: boolean
}

/**
 * Makes a blob that exists somewhere a member of a repository, by a lease: links it to the project if need be, and
 * answers it only once it is protected. `undefined`: there is no such blob, or its bytes are lost, or it
 * went while we tried.
 * @throws RegistryError DENIED when the project's quota has no room for it
 */
export const holdBlob = async (
  store: Store,
  digest: Digest,
  repository: RepositoryRef,
  { look, isLeased: wasLeased = false }: Held = {},
): Promise<Blob | undefined> => {
  let isLeased = wasLeased
  const guards = [guardOfBlob(digest), guardOfLink(digest, repository.pid)] as const
  const [blobKey, linkKey] = [guards[0].key, guards[1].key]
  let seen = look ?? (await readAll(store, [blobKey, linkKey], 'strong'))
  let charge: Charge | undefined
  for (;;) {
    const blobItem = seen.get(blobKey)
    const blob = blobItem && parseWholeBlob(blobItem)
    if (blob === undefined) return undefined
    const { pid } = repository
    const link =
      seen.get(linkKey) === undefined
        ? newLink(digest, pid, blob.sizeBytes, store.ids.next())
        : undefined
    if (link !== undefined) charge ??= createCharge(store, pid, blob.sizeBytes)
    const outcome = await transactNamed(
      store,
      {
        link,
        ...(link && charge?.writes()),
        lease: isLeased ? leaseIsThere(digest, repository) : newLease(store, digest, repository),
        review: isLeased ? undefined : reviewAfterLease(store, digest, repository),
      },
      isOfQuota,
    )
    if (outcome.done) {
      const protection = await protect(store, guards)
      const held = protection.held ? protection.guards.get(blobKey) : undefined
      if (held !== undefined) return parseWholeBlob(held)
    } else if (outcome.refused.has('lease')) {
      isLeased = false
    } else if (!outcome.refused.has('link')) {
      await charge?.again(outcome.refused.size === 0 ? 'contended' : 'refused')
    }
    // A link came, or the blob or its link went, between our look and our lease: look again.
    seen = await readAll(store, [blobKey, linkKey], 'strong')
  }
}

/** Refused when somebody deleted the blob from the repository since the lease was taken. */
export const leaseIsThere = (digest: Digest, repository: RepositoryRef): CheckItem =>
  isThere(key.lease(digest, repository))
