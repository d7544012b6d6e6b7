import { protect } from '../../guards/protect.ts'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/errors.ts'
import type { CheckItem, PutItem } from '../../ports.ts'
import { readQuota } from '../../projects/quota.ts'
import { readAll, type Found } from '../../store/batch.ts'
import type { Store } from '../../store/store.ts'
import { transactNamed } from '../../store/transact.ts'
import { key, type ProjectId, type RepositoryRef } from '../../table.ts'
import { formatBytes } from '../../bytes.ts'
import { enqueue } from '../../tasks/tasks.ts'
import { CLOCK_SKEW_MS, LEASE_MS } from '../../tasks/times.ts'
import { charge, newLease, newLink, parseBlob, type Blob } from './items.ts'

/** The review that a lease makes necessary when it ends, written in the transaction that writes the lease. */
export const reviewAfterLease = (
  store: Store,
  digest: Digest,
  { pid }: RepositoryRef,
  now: number,
): PutItem =>
  enqueue(store.ids, now + LEASE_MS + CLOCK_SKEW_MS, { type: 'LINK_REVIEW', digest, pid })

/** What the caller of `holdBlob` has done already. */
type Held = {
  /** A strong read of the blob and the link. */
  readonly look?: Found
  /** The repository has a lease, by `leaseBlob`. */
  readonly isLeased?: boolean
}

/**
 * Makes a blob that exists somewhere a member of a repository, by a lease: links it to the project if need be, and
 * answers it only once it is protected. `undefined`: there is no such blob, or it went while we tried.
 * @throws RegistryError DENIED when the project's quota has no room for it
 */
export const holdBlob = async (
  store: Store,
  digest: Digest,
  repository: RepositoryRef,
  { look, isLeased: wasLeased = false }: Held = {},
): Promise<Blob | undefined> => {
  let isLeased = wasLeased
  const guards = [key.blob(digest), key.link(digest, repository.pid)] as const
  const [blobKey, linkKey] = guards
  let seen = look ?? (await readAll(store, guards, 'strong'))
  for (;;) {
    const blobItem = seen.get(blobKey)
    if (blobItem === undefined) return undefined
    const blob = parseBlob(blobItem)
    const { pid } = repository
    const now = store.clock.now()
    const link =
      seen.get(linkKey) === undefined
        ? newLink(digest, pid, blob.sizeBytes, store.ids.next())
        : undefined
    const outcome = await transactNamed(store, {
      link,
      quota: link && charge(pid, blob.sizeBytes),
      lease: isLeased ? leaseIsThere(digest, repository) : newLease(digest, repository, now),
      review: isLeased ? undefined : reviewAfterLease(store, digest, repository, now),
    })
    if (outcome.done) {
      const protection = await protect(store, guards)
      const held = protection.held ? protection.guards.get(blobKey) : undefined
      if (held !== undefined) return parseBlob(held)
    } else if (outcome.refused.has('lease')) {
      isLeased = false
    } else if (!outcome.refused.has('link')) {
      throw await quotaExceeded(store, pid, blob.sizeBytes)
    }
    // A link came, or the blob or its link went, between our look and our lease: look again.
    seen = await readAll(store, guards, 'strong')
  }
}

/** Refused when somebody deleted the blob from the repository since the lease was taken. */
export const leaseIsThere = (digest: Digest, repository: RepositoryRef): CheckItem => ({
  op: 'check',
  key: key.lease(digest, repository),
  conditions: [{ kind: 'exists' }],
})

/** What to tell a client whose blob does not fit; in Harbor's words, which its users search for. */
export const quotaExceeded = async (
  store: Store,
  pid: ProjectId,
  sizeBytes: number,
): Promise<RegistryError> => {
  const { limitBytes = 0, usedBytes = 0 } = (await readQuota(store, pid)) ?? {}
  const [added, used, limit] = [sizeBytes, usedBytes, limitBytes].map(formatBytes)
  return new RegistryError('DENIED', {
    message: `adding ${added} of storage resource, which when updated to current usage of ${used} will exceed the configured upper limit of ${limit}.`,
    detail: { requiredBytes: sizeBytes, usedBytes, limitBytes },
  })
}
