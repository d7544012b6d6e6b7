import { bucketKey } from '../bucket.ts'
import type { Objects } from '../ports.ts'
import { pages } from '../store/query.ts'
import { writeAll } from '../store/batch.ts'
import type { Store } from '../store/store.ts'
import { key, prefix, type ObjectId } from '../table.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'

/** Deletes what the writers of an upload left besides its object. */
export const cleanUpload: Handler<TaskOf<'UPLOAD_CLEANUP'>> = async ({ context }, { oid }) => {
  await dropLeftovers(context, oid)
  return 'done'
}

/** Parts that were never completed, tails, and the records of parts. Safe to repeat. */
export const dropLeftovers = async (
  { objects, store }: { readonly objects: Objects; readonly store: Store },
  oid: ObjectId,
): Promise<void> => {
  await objects.multipart.abort(bucketKey.object(oid))
  const tails: string[] = []
  let after: string | undefined
  do {
    const page = await objects.list(bucketKey.tails(oid), after)
    tails.push(...page.keys)
    after = page.next
  } while (after !== undefined)
  await deleteKeys(objects, tails)
  const parts = { pk: key.object(oid).pk, sk: { prefix: prefix.parts }, read: 'strong' } as const
  for await (const items of pages(store, { ...parts, keysOnly: true })) {
    await writeAll(
      store,
      items.map(({ pk, sk }) => ({ op: 'delete', key: { pk, sk } })),
    )
  }
}

const KEYS_PER_DELETE = 1_000

/** @throws Error when some are left */
export const deleteKeys = async (objects: Objects, keys: readonly string[]): Promise<void> => {
  for (let at = 0; at < keys.length; at += KEYS_PER_DELETE) {
    const left = await objects.deleteMany(keys.slice(at, at + KEYS_PER_DELETE))
    if (left.length > 0) throw new Error(`${left.length} objects could not be deleted`)
  }
}
