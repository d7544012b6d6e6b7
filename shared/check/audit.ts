/**
 * The safety net under garbage collection: compares the whole table with the whole bucket, in one pass over each, page by
 * page. It reads, and it enqueues tasks; it deletes nothing itself. A page is looked at quickly and eventually; what looks
 * odd in it is then looked for in the queue of tasks, and confirmed at one moment, before it counts.
 */
import { bucketPrefix, bucketShares } from '../bucket.ts'
import type { Key } from '../ports.ts'
import { retry } from '../store/retry.ts'
import { timesOf } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { parseKey } from '../table-parse.ts'
import { enqueue } from '../tasks/tasks.ts'
import { checkBlobs } from './checks/blobs.ts'
import { checkBucket } from './checks/bucket.ts'
import { checkBytes } from './checks/bytes.ts'
import { checkHolders } from './checks/holders.ts'
import { checkLinks } from './checks/links.ts'
import { checkListings } from './checks/listings.ts'
import { checkManifests } from './checks/manifests.ts'
import { checkObjects } from './checks/objects.ts'
import { checkParts, checkPushes } from './checks/pushes.ts'
import { checkTags } from './checks/tags.ts'
import { checkTrash } from './checks/trash.ts'
import { checkUntagged } from './checks/untagged.ts'
import { FINDINGS, type Severity } from './finding.ts'
import { findingLine } from './log.ts'
import { resolve } from './resolve.ts'
import type { Check, CheckContext, Entry, Suspect } from './suspect.ts'

const CHECKS: readonly Check[] = [
  ...[checkBlobs, checkLinks, checkObjects, checkParts, checkManifests, checkPushes],
  ...[checkHolders, checkTags, checkUntagged, checkTrash, checkBytes, checkListings],
]

/** Suspects are settled by so many: each time the queue of tasks is walked through. */
const SETTLED_AT_ONCE = 1_000
/** More lines than this nobody reads, and more are not written; all are mended and counted. */
const MOST_LINES = 100_000

/** Where an audit stands: behind this key of the table, then behind this one of the bucket. */
export type Place =
  | { readonly in: 'table'; readonly after?: Key | undefined }
  | {
      readonly in: 'objects' | 'tails'
      /** Which share of them; all at once if absent, as long as they fit into a page. */
      readonly share?: number | undefined
      readonly after?: string | undefined
    }

export const BEGINNING: Place = { in: 'table' }

export type Counts = { readonly items: number; readonly objects: number } & Readonly<
  Record<Severity, number>
>

export const NONE: Counts = { items: 0, objects: 0, lost: 0, broken: 0, leaked: 0 }

export type Audit = {
  readonly context: CheckContext
  /** The number of the run whose findings these are. */
  readonly run: number
  readonly place: Place
  readonly counts: Counts
  /** Asked between pages. */
  readonly isStopped: () => Promise<boolean> | boolean
  /** Told between pages. */
  readonly counted?: (counts: Counts) => void
  /** Told from where another process may go on, with nothing left to be settled before. */
  readonly passed?: (audited: Audited) => void
  /** Items to a page of the table at most; as many as fit if absent. */
  readonly pageItems?: number
}

/** How far it came; without a place it has seen everything. */
export type Audited = { readonly counts: Counts; readonly place: Place | undefined }

/** Goes on from a place, until it has seen everything or is stopped. */
export const auditStorage = async (audit: Audit): Promise<Audited> => {
  const { context, isStopped } = audit
  let place: Place | undefined = audit.place
  let { counts } = audit
  let suspects: readonly Suspect[] = []
  const settle = async (): Promise<void> => {
    const found = await resolve(context.store, suspects)
    suspects = []
    for (const suspect of found) counts = await report(audit, suspect, counts)
  }
  while (place !== undefined && !(await isStopped())) {
    const from: Place = place
    const page: Page = await lookAt(audit, from)
    suspects = [...suspects, ...page.suspects]
    counts = {
      ...counts,
      items: counts.items + page.items,
      objects: counts.objects + page.objects,
    }
    place = page.next
    // What the table's items lack is mended before the bucket is asked whose its objects are.
    if (suspects.length >= SETTLED_AT_ONCE || place?.in !== from.in) await settle()
    audit.counted?.(counts)
    if (suspects.length === 0) audit.passed?.({ counts, place })
  }
  await settle()
  return { counts, place }
}

type Page = {
  readonly suspects: readonly Suspect[]
  readonly items: number
  readonly objects: number
  readonly next: Place | undefined
}

const lookAt = async (audit: Audit, place: Place): Promise<Page> =>
  place.in === 'table' ? await lookAtTable(audit, place.after) : await lookAtBucket(audit, place)

const lookAtTable = async (
  { context, pageItems }: Audit,
  after: Key | undefined,
): Promise<Page> => {
  const { store } = context
  const { items, next } = await retry(
    store,
    async () =>
      await store.kv.scan({
        ...(after !== undefined && { after }),
        ...(pageItems !== undefined && { limit: pageItems }),
        read: 'eventual',
      }),
  )
  const entries = items.flatMap((item): readonly Entry[] => {
    const of = parseKey(item)
    return of === undefined ? [] : [{ item, of }]
  })
  const suspects: Suspect[] = []
  for (const check of CHECKS) suspects.push(...(await check(context, entries)))
  return {
    ...{ suspects, items: items.length, objects: 0 },
    next: next === undefined ? { in: 'objects' } : { in: 'table', after: next },
  }
}

const lookAtBucket = async (
  { context }: Audit,
  { after, in: kind, share }: Exclude<Place, { readonly in: 'table' }>,
): Promise<Page> => {
  const { objects, store } = context
  const prefix = share === undefined ? bucketPrefix[kind] : bucketShares(kind)[share]
  const { keys, next } =
    prefix === undefined
      ? { keys: [] }
      : await retry(store, async () => await objects.list(prefix, after))
  // A list of everything may cost more with every page: share by share it does not.
  if (share === undefined && next !== undefined) {
    return { suspects: [], items: 0, objects: 0, next: { in: kind, share: 0 } }
  }
  const isLast = share === undefined || share + 1 >= bucketShares(kind).length
  const end: Place | undefined = kind === 'objects' ? { in: 'tails' } : undefined
  const following: Place | undefined = isLast ? end : { in: kind, share: share + 1 }
  return {
    ...{ suspects: await checkBucket(context, keys), items: 0, objects: keys.length },
    next: next === undefined ? following : { in: kind, share, after: next },
  }
}

/** The line and the tasks that mend it: both or neither. */
const report = async (
  { context: { store }, run }: Audit,
  { finding, repair }: Suspect,
  counts: Counts,
): Promise<Counts> => {
  const { severity } = FINDINGS[finding.kind]
  const isTold = counts.lost + counts.broken + counts.leaked < MOST_LINES
  const now = store.clock.now()
  const { pullGrace, trash } = timesOf(store)
  // What seems to be garbage may only have lost what holds it: that is mended first.
  const dueAt = severity === 'leaked' ? now + Math.max(pullGrace, trash) : now
  const writes = [
    ...repair.map((task) => enqueue(store.ids, dueAt, task)),
    ...(isTold ? [findingLine(store, run, finding, repair.length > 0)] : []),
  ]
  if (writes.length > 0) await transact(store, writes)
  return { ...counts, [severity]: counts[severity] + 1 }
}
