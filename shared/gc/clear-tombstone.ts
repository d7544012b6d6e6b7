import { releaseChildren, unpackDigests } from '../registry/manifests/children.ts'
import { doomBody } from '../registry/manifests/intent.ts'
import { dropLabels } from '../registry/manifests/delete.ts'
import { dropTags } from '../registry/manifests/untag.ts'
import { writeAll } from '../store/batch.ts'
import { getItem, queryPage } from '../store/query.ts'
import { timesOf, type Store } from '../store/store.ts'
import { key, prefix } from '../table.ts'
import { enqueue, type TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'

type Tombstone = TaskOf<'TOMBSTONE'>

/**
 * Lets go of all that a manifest held that is gone, and has each of it looked at. A pusher that was taken for dead may
 * still write what it was about to; so everything is done once more when no request can be left of that time.
 */
export const clearTombstone: Handler<Tombstone> = async ({ context }, task) => {
  const { store } = context
  const { pid, rid, digest, oid, until, isSecond = false } = task
  const children = {
    blobs: unpackDigests(task.blobs),
    manifests: unpackDigests(task.manifests),
  }
  await writeAll(store, releaseChildren(task, children))
  await dropTags(store, task)
  if (oid !== undefined) await doomBody(store, oid, until)
  const now = store.clock.now()
  await writeAll(store, [
    ...children.blobs.map((blob) =>
      enqueue(store.ids, now, { type: 'LINK_REVIEW', digest: blob, pid }),
    ),
    ...children.manifests.map((child) =>
      enqueue(store.ids, now, { type: 'MANIFEST_REVIEW', pid, rid, digest: child }),
    ),
    // Another push of it may be there, and have been looked at when it was held by tags that this one never pointed.
    ...((await getItem(store, key.manifest(rid, digest), 'strong')) === undefined
      ? []
      : [enqueue(store.ids, now, { type: 'MANIFEST_REVIEW', pid, rid, digest })]),
    ...((await hasReferrers(store, task))
      ? [
          enqueue(store.ids, now + timesOf(store).referrers, {
            type: 'REFERRERS_REVIEW',
            ...{ pid, rid, digest },
          }),
        ]
      : []),
  ])
  await dropLabels(store, task)
  if (isSecond) return 'done'
  return { again: now + timesOf(store).inFlight, task: { ...task, isSecond: true } }
}

const hasReferrers = async (store: Store, { rid, digest }: Tombstone): Promise<boolean> => {
  const { pk } = key.manifest(rid, digest)
  const sk = { prefix: prefix.referrers }
  const { items } = await queryPage(store, { pk, sk, limit: 1, keysOnly: true, read: 'strong' })
  return items.length > 0
}
