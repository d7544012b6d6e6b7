import { collect } from '../guards/collect.ts'
import type { Digest } from '../oci/digest.ts'
import type { Item } from '../ports.ts'
import { refund } from '../quota/refund.ts'
import { holds, leaseLeft, linkSize } from '../registry/blobs/items.ts'
import { getItem } from '../store/query.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { key, prefix, type RepositoryRef } from '../table.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'
import { logLine } from './log.ts'

/** Collects a project's link to a blob that none of its repositories holds any more, and has the blob looked at. */
export const reviewLink: Handler<TaskOf<'LINK_REVIEW'>> = async (gc, task) => {
  const { store } = gc.context
  const { digest, lease: rid, pid } = task
  if (rid !== undefined) {
    const left = await endLease(store, digest, { pid, rid })
    // It was renewed, and has a review of its own; or clocks differ by more than they should.
    if (left > 0) return { again: store.clock.now() + left }
  }
  const link = key.link(digest, pid)
  const holders = {
    pk: link.pk,
    prefix: prefix.ofLink(pid),
    holds: (item: Item) => holds(item, store.clock.now()),
  }
  let sizeBytes = 0
  const whatOf = () => ({ kind: 'link', pid, digest, sizeBytes }) as const
  const kept = await collect(store, link, holders, async ({ item }) => {
    sizeBytes = linkSize(item)
    return [refund(store, pid, sizeBytes), await logLine(gc, whatOf())]
  })
  if (kept === 'collected') gc.deleted(whatOf())
  // Whether or not it was this call that collected it: a call before may have fallen over here.
  return kept === 'collected' || (await getItem(store, link, 'strong')) === undefined
    ? { again: store.clock.now(), task: { type: 'BLOB_REVIEW', digest } }
    : 'done'
}

/** Removes a lease that is over; answers how many milliseconds it has left. */
const endLease = async (store: Store, digest: Digest, repository: RepositoryRef): Promise<number> =>
  await retry(store, async () => {
    const leaseKey = key.lease(digest, repository)
    const item = await getItem(store, leaseKey, 'strong')
    const left = leaseLeft(item, store.clock.now())
    if (item === undefined || left > 0) return left
    const outcome = await store.kv.write({
      op: 'delete',
      key: leaseKey,
      conditions: [{ kind: 'equals', name: 'expiresAt', value: Number(item['expiresAt']) }],
    })
    return outcome === 'done' ? 0 : AGAIN
  })
