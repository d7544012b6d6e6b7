import type { Digest } from '../oci/digest.ts'
import type { Key, PutItem } from '../ports.ts'
import { timesOf, type Store } from '../store/store.ts'
import { key, type ProjectId, type RepositoryRef } from '../table.ts'
import { enqueue, type TaskOf } from '../tasks/tasks.ts'

/** A guard, and the task that looks whether anybody holds it. */
export type Guarded = {
  readonly key: Key
  readonly review: TaskOf<'BLOB_REVIEW'> | TaskOf<'LINK_REVIEW'> | TaskOf<'MANIFEST_REVIEW'>
}

export const guardOfBlob = (digest: Digest): Guarded => ({
  key: key.blob(digest),
  review: { type: 'BLOB_REVIEW', digest },
})

export const guardOfLink = (digest: Digest, pid: ProjectId): Guarded => ({
  key: key.link(digest, pid),
  review: { type: 'LINK_REVIEW', digest, pid },
})

export const guardOfManifest = ({ pid, rid }: RepositoryRef, digest: Digest): Guarded => ({
  key: key.manifest(rid, digest),
  review: { type: 'MANIFEST_REVIEW', digest, pid, rid },
})

/**
 * What is written with a rescue. The holder for which a guard is rescued may be gone by then, its process was slow, and
 * so may the review that came with its going: it found the guard condemned, and nobody else would look again.
 */
export const reviewAfterRescue = (store: Store, { review }: Guarded): PutItem => {
  const { clockSkew, lease } = timesOf(store)
  return enqueue(store.ids, store.clock.now() + lease + clockSkew, review)
}
