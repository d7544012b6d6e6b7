import type { Holders } from '../guards/collect.ts'
import type { Digest } from '../oci/digest.ts'
import { holds } from '../registry/blobs/items.ts'
import type { Store } from '../store/store.ts'
import { key, prefix } from '../table.ts'

/** What holds a blob: links of projects, and what hangs on them. */
export const holdersOf = (store: Store, digest: Digest): Holders => ({
  pk: key.blob(digest).pk,
  prefix: prefix.ofBlob,
  holds: (item) => holds(item, store.clock.now()),
})
