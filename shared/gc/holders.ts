import type { Holders } from '../guards/collect.ts'
import type { Digest } from '../oci/digest.ts'
import { holds } from '../registry/blobs/items.ts'
import type { Store } from '../store/store.ts'
import { key, prefix, type ProjectId } from '../table.ts'

/** What holds a blob: links of projects, and what hangs on them. */
export const holdersOfBlob = (store: Store, digest: Digest): Holders => ({
  pk: key.blob(digest).pk,
  prefix: prefix.ofBlob,
  holds: (item) => holds(item, store.clock.now()),
})

/** What holds a project's link to a blob: leases and refs of its repositories. */
export const holdersOfLink = (store: Store, digest: Digest, pid: ProjectId): Holders => ({
  pk: key.link(digest, pid).pk,
  prefix: prefix.ofLink(pid),
  holds: (item) => holds(item, store.clock.now()),
})
