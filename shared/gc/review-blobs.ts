import { examineEach } from '../guards/collect-each.ts'
import type { Holders } from '../guards/collect.ts'
import type { Digest } from '../oci/digest.ts'
import { holds } from '../registry/blobs/items.ts'
import { timesOf, type Store } from '../store/store.ts'
import { key, prefix } from '../table.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { HandlerOfMany } from './gc.ts'

/** Condemns blobs that nobody holds. They stay for whoever pulls them at this moment, and for whoever pushes them again. */
export const reviewBlobs: HandlerOfMany<TaskOf<'BLOB_REVIEW'>> = async ({ context }, tasks) => {
  const { store } = context
  const examined = await examineEach(
    store,
    tasks.map(({ digest }) => ({ key: key.blob(digest), holders: holdersOf(store, digest) })),
  )
  const dueAt = store.clock.now() + timesOf(store).pullGrace
  return tasks.map(({ digest }, index) => {
    const one = examined[index]
    if (one?.outcome !== 'empty') return 'done'
    const { version } = one.guard
    return { again: dueAt, task: { type: 'BLOB_DELETE', digest, version } }
  })
}

/** Links of projects, and what hangs on them. */
export const holdersOf = (store: Store, digest: Digest): Holders => ({
  pk: key.blob(digest).pk,
  prefix: prefix.ofBlob,
  holds: (item) => holds(item, store.clock.now()),
})
