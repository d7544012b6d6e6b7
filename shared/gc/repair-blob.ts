import { bucketKey } from '../bucket.ts'
import { isAsFound, isAsSeen } from '../store/checks.ts'
import type { Item } from '../ports.ts'
import { parseBlob } from '../registry/blobs/items.ts'
import { doomObject } from '../registry/doom.ts'
import { getItem } from '../store/query.ts'
import { AGAIN, retry } from '../store/retry.ts'
import { timesOf, type Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { key } from '../table.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import { bringBack } from './bring-back.ts'
import type { Handler, Outcome } from './gc.ts'
import { ownAgain } from './own-again.ts'

type Repair = TaskOf<'BLOB_REPAIR'>

const MINUTE_MS = 60_000

/**
 * Makes an object and its blob fit together: the blob owns its object; an object whose blob has no record, but is held, is
 * its bytes again; one whose blob has others, or is gone, goes to the trash. A blob without bytes is marked as lost.
 */
export const repairBlob: Handler<Repair> = async ({ context }, task) => {
  const { objects, store } = context
  const { digest, oid } = task
  const item = await getItem(store, key.blob(digest), 'strong')
  const record = await getItem(store, key.object(oid), 'strong')
  const head = await objects.head(bucketKey.object(oid))
  if (item !== undefined && parseBlob(item).oid === oid) {
    if (record?.['state'] !== 'OWN') {
      const own = ownAgain(store, oid, record, { digest })
      const fromTrash = { op: 'delete', key: key.trashedBlob(digest, oid) } as const
      if (own !== undefined) await transact(store, [own, fromTrash, isAsSeen(item, 'oid')])
      // It is being deleted: when it is gone, the blob is without bytes.
      else if (head !== undefined) return { again: store.clock.now() + MINUTE_MS }
    }
    return await mark(store, task, item, head)
  }
  if (item === undefined && (await bringBack(context, digest, oid))) return 'done'
  if (record?.['state'] === 'OWN') await giveUp(store, task, { item, record, head })
  return 'done'
}

type Head = { readonly sizeBytes: number } | undefined

/** Marks a blob as lost, or as lost no more; refused when it has another object by now. */
const mark = async (
  store: Store,
  { digest, isCorrupt = false, oid }: Repair,
  item: Item,
  head: Head,
): Promise<Outcome> => {
  const { isCorrupt: wasCorrupt = false, missingAt, sizeBytes } = parseBlob(item)
  const isWhole = head?.sizeBytes === sizeBytes && !isCorrupt && !wasCorrupt
  if (isWhole === (missingAt === undefined)) return 'done'
  await retry(store, async () => {
    const outcome = await store.kv.write({
      op: 'update',
      key: key.blob(digest),
      ...(isWhole
        ? { remove: ['missingAt'] }
        : { set: { missingAt: store.clock.now(), ...(isCorrupt && { isCorrupt }) } }),
      conditions: [{ kind: 'equals', name: 'oid', value: oid }],
    })
    return outcome === 'conflict' ? AGAIN : outcome
  })
  return 'done'
}

/** Nobody owns it. It may be brought back for as long as it is in the trash. */
const giveUp = async (
  store: Store,
  { digest, oid }: Repair,
  seen: { readonly item: Item | undefined; readonly record: Item; readonly head: Head },
): Promise<void> => {
  await transact(store, [
    ...doomObject(store, oid, {
      conditions: [
        { kind: 'equals', name: 'state', value: 'OWN' },
        { kind: 'equals', name: 'version', value: String(seen.record['version']) },
      ],
      ...{ dueAt: store.clock.now() + timesOf(store).trash, digest, size: seen.head?.sizeBytes },
    }),
    isAsFound(key.blob(digest), seen.item, 'oid'),
  ])
}
