import { examine, type Holders } from '../guards/collect.ts'
import type { Digest } from '../oci/digest.ts'
import { holds } from '../registry/blobs/items.ts'
import { timesOf, type Store } from '../store/store.ts'
import { key, prefix } from '../table.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'

/** Condemns a blob that nobody holds. It stays for whoever pulls it at this moment, and for whoever pushes it again. */
export const reviewBlob: Handler<TaskOf<'BLOB_REVIEW'>> = async ({ context }, { digest }) => {
  const { store } = context
  const examined = await examine(store, key.blob(digest), holdersOf(store, digest))
  if (examined.outcome !== 'empty') return 'done'
  const dueAt = store.clock.now() + timesOf(store).pullGrace
  const { version } = examined.guard
  return { again: dueAt, task: { type: 'BLOB_DELETE', digest, version } }
}

/** Links of projects, and what hangs on them. */
export const holdersOf = (store: Store, digest: Digest): Holders => ({
  pk: key.blob(digest).pk,
  prefix: prefix.ofBlob,
  holds: (item) => holds(item, store.clock.now()),
})
