import { removal } from '../guards/collect.ts'
import { examineEach } from '../guards/collect-each.ts'
import { sideBySide } from '../limiter.ts'
import type { Digest } from '../oci/digest.ts'
import type { Item, Key, WriteOperation } from '../ports.ts'
import { refund } from '../quota/refund.ts'
import { leaseLeft, linkSize } from '../registry/blobs/items.ts'
import { nameOf, readAll } from '../store/batch.ts'
import { writeEach } from '../store/each.ts'
import { getItem } from '../store/query.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { key, type ProjectId } from '../table.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Gc, HandlerOfMany, Outcome } from './gc.ts'
import { holdersOfLink } from './holders.ts'
import { deleteEachLogged } from './log.ts'
import { reviewBlobs } from './review-blobs.ts'

type LinkTask = TaskOf<'LINK_REVIEW'>

/**
 * Collects projects' links to blobs that none of their repositories holds any more, and looks at the blobs at once: the
 * tasks stay until what follows from that is in its queue.
 */
export const reviewLinks: HandlerOfMany<LinkTask> = async (gc, tasks) => {
  const { store } = gc.context
  const waiting = await endLeases(store, tasks)
  const links = linksOf(tasks.filter((task) => !waiting.has(task)))
  const collected = await collectLinks(gc, links)
  // Whether or not it was this call that collected it: a call before may have fallen over here.
  const kept = links.filter((link) => !collected.has(link.name))
  const there = await readAll(
    store,
    kept.map((link) => link.key),
    'strong',
  )
  const gone = new Map(
    links
      .filter((link) => there.get(link.key) === undefined)
      .map(({ digest, name }) => [name, digest]),
  )
  const follows = await reviewEach(gc, [...gone.values()])
  const now = store.clock.now()
  return tasks.map((task) => {
    const left = waiting.get(task)
    // It was renewed, and has a review of its own; or clocks differ by more than they should.
    if (left !== undefined) return { again: now + left }
    const digest = gone.get(nameOf(key.link(task.digest, task.pid)))
    const outcome = digest && follows.get(digest)
    // What follows from several of them follows once, from one that would find it again: its own link is gone.
    if (digest !== undefined) follows.delete(digest)
    return outcome ?? 'done'
  })
}

/** What becomes of blobs, each looked at once. */
const reviewEach = async (gc: Gc, digests: readonly Digest[]): Promise<Map<Digest, Outcome>> => {
  const tasks = [...new Set(digests)].map((digest) => ({ type: 'BLOB_REVIEW', digest }) as const)
  const outcomes = await reviewBlobs(gc, tasks)
  return new Map(tasks.map(({ digest }, index) => [digest, outcomes[index] ?? 'done']))
}

type Link = {
  readonly digest: Digest
  readonly pid: ProjectId
  readonly key: Key
  readonly name: string
}

/** Each once: several holders of one may have gone. */
const linksOf = (tasks: readonly LinkTask[]): readonly Link[] => {
  const links = tasks.map(({ digest, pid }) => {
    const at = key.link(digest, pid)
    return { digest, pid, key: at, name: nameOf(at) }
  })
  return [...new Map(links.map((link) => [link.name, link])).values()]
}

/** Answers the names of those that this call has collected. */
const collectLinks = async (gc: Gc, links: readonly Link[]): Promise<ReadonlySet<string>> => {
  const { store } = gc.context
  const examined = await examineEach(
    store,
    links.map((link) => ({ key: link.key, holders: holdersOfLink(store, link.digest, link.pid) })),
  )
  const empty = links.flatMap((link, index) => {
    const one = examined[index]
    return one?.outcome === 'empty' ? [{ link, guard: one.guard }] : []
  })
  const done = await deleteEachLogged(
    gc,
    empty.map(({ guard, link: { digest, pid } }) => {
      const sizeBytes = linkSize(guard.item)
      return {
        what: { kind: 'link', pid, digest, sizeBytes },
        operations: [removal(guard), refund(store, pid, sizeBytes)],
      }
    }),
  )
  return new Set(empty.flatMap(({ link }, index) => (done[index] === true ? [link.name] : [])))
}

/** Removes leases that are over; answers how many milliseconds the others have left. */
const endLeases = async (
  store: Store,
  tasks: readonly LinkTask[],
): Promise<ReadonlyMap<LinkTask, number>> => {
  const leased = tasks.flatMap((task) => {
    const { digest, lease: rid, pid } = task
    return rid === undefined ? [] : [{ task, key: key.lease(digest, { pid, rid }) }]
  })
  const found = await readAll(
    store,
    leased.map((lease) => lease.key),
    'strong',
  )
  const now = store.clock.now()
  const over = leased.flatMap(({ key }) => {
    const item = found.get(key)
    return item === undefined || leaseLeft(item, now) > 0 ? [] : [item]
  })
  const outcomes = await writeEach(store, over.map(whileAsSeen))
  const left = await sideBySide(over, async (item, index) =>
    outcomes[index] === 'done' ? 0 : await endLease(store, item),
  )
  const renewed = new Map(over.map((item, index) => [nameOf(item), left[index] ?? 0]))
  return new Map(
    leased
      .map(({ key, task }) => {
        return [task, renewed.get(nameOf(key)) ?? leaseLeft(found.get(key), now)] as const
      })
      .filter(([, ms]) => ms > 0),
  )
}

/** The write that ends a lease, unless it was renewed since. */
const whileAsSeen = ({ pk, sk, expiresAt }: Item): WriteOperation => ({
  op: 'delete',
  key: { pk, sk },
  conditions: [{ kind: 'equals', name: 'expiresAt', value: Number(expiresAt) }],
})

/** Removes a lease that is over; answers how many milliseconds it has left. */
const endLease = async (store: Store, { pk, sk }: Key): Promise<number> =>
  await retry(store, async () => {
    const item = await getItem(store, { pk, sk }, 'strong')
    const left = leaseLeft(item, store.clock.now())
    if (item === undefined || left > 0) return left
    return (await store.kv.write(whileAsSeen(item))) === 'done' ? 0 : AGAIN
  })
