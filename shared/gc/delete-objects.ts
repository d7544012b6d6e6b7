import { bucketKey } from '../bucket.ts'
import type { Key, TransactOperation } from '../ports.ts'
import { readAll } from '../store/batch.ts'
import { AGAIN, retry } from '../store/retry.ts'
import { timesOf, type Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { key, type ObjectId } from '../table.ts'
import type { QueuedTask } from '../tasks/parse.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import { deleteKeys, dropLeftovers } from './clean-upload.ts'
import type { Gc, Outcome } from './gc.ts'
import { deleteLogged } from './log.ts'

type ObjectTask = TaskOf<'OBJECT_DELETE'>
export type QueuedObject = QueuedTask & { readonly task: ObjectTask }

/**
 * Deletes doomed objects from the bucket, many with one call; an object's record goes only when the bucket, asked again,
 * does not have it any more. What an upload was writing is deleted twice: a part of it may have been in flight.
 */
export const deleteObjects = async (
  gc: Gc,
  queued: readonly QueuedObject[],
): Promise<readonly Outcome[]> => {
  const { objects, store } = gc.context
  const tasks = queued.map(({ task }) => task)
  const found = await readAll(
    store,
    tasks.map(({ oid }) => key.object(oid)),
    'strong',
  )
  const isDoomed = ({ oid }: ObjectTask): boolean =>
    found.get(key.object(oid))?.['state'] === 'DOOM'
  const doomed = queued.filter(({ task }) => isDoomed(task))
  const sizes = await noteSizes(gc, doomed)
  await deleteKeys(
    objects,
    doomed.map(({ task }) => bucketKey.object(task.oid)),
  )
  return await Promise.all(
    tasks.map(async (task) =>
      isDoomed(task) ? await finish(gc, { ...task, size: sizes.get(task.oid) }) : 'done',
    ),
  )
}

/**
 * How large they are, those that are there; a blob's size came with its task. It is written down before they go: who
 * comes after a worker that fell over in between could not ask any more, and their bytes would be in no log.
 */
const noteSizes = async (
  gc: Gc,
  queued: readonly QueuedObject[],
): Promise<ReadonlyMap<ObjectId, number>> => {
  const { objects, store } = gc.context
  const sizes = await Promise.all(
    queued.map(async ({ key: at, task: { oid, size } }) => {
      if (size !== undefined) return [[oid, size] as const]
      const found = await objects.head(bucketKey.object(oid))
      if (found === undefined) return []
      await note(store, at, found.sizeBytes)
      return [[oid, found.sizeBytes] as const]
    }),
  )
  return new Map(sizes.flat())
}

/** Refused: another worker is done with the task, and knew. */
const note = async (store: Store, task: Key, size: number): Promise<void> => {
  await retry(store, async () => {
    const outcome = await store.kv.write({
      ...{ op: 'update', key: task, set: { size } },
      conditions: [{ kind: 'exists' }],
    })
    return outcome === 'conflict' ? AGAIN : outcome
  })
}

const finish = async (gc: Gc, task: ObjectTask): Promise<Outcome> => {
  const { objects, store } = gc.context
  const { digest, isSecond = false, oid, size } = task
  // A blob's object was complete before anybody could see it.
  const isWhole = digest !== undefined
  if (!isWhole) await dropLeftovers(gc.context, oid)
  if ((await objects.head(bucketKey.object(oid))) !== undefined) {
    throw new Error(`the object ${oid} is there although its deletion was acknowledged`)
  }
  if (!isWhole && !isSecond) {
    return {
      again: store.clock.now() + timesOf(store).inFlight,
      task: { ...task, isSecond: true },
    }
  }
  const record: TransactOperation = {
    op: 'delete',
    key: key.object(oid),
    conditions: [{ kind: 'equals', name: 'state', value: 'DOOM' }],
  }
  // Nothing was ever stored under it: nothing to tell of.
  if (size === undefined) await transact(store, [record])
  else await deleteLogged(gc, { kind: 'object', oid, digest, sizeBytes: size }, [record])
  return 'done'
}
