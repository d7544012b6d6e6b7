import { bucketKey } from '../bucket.ts'
import type { TransactOperation } from '../ports.ts'
import { readAll } from '../store/batch.ts'
import { timesOf } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { key, type ObjectId } from '../table.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import { deleteKeys, dropLeftovers } from './clean-upload.ts'
import type { Gc, Outcome } from './gc.ts'
import { deleteLogged } from './log.ts'

type ObjectTask = TaskOf<'OBJECT_DELETE'>

/**
 * Deletes doomed objects from the bucket, many with one call; an object's record goes only when the bucket, asked again,
 * does not have it any more. What an upload was writing is deleted twice: a part of it may have been in flight.
 */
export const deleteObjects = async (
  gc: Gc,
  tasks: readonly ObjectTask[],
): Promise<readonly Outcome[]> => {
  const { objects, store } = gc.context
  const found = await readAll(
    store,
    tasks.map(({ oid }) => key.object(oid)),
    'strong',
  )
  const isDoomed = ({ oid }: ObjectTask): boolean =>
    found.get(key.object(oid))?.['state'] === 'DOOM'
  const doomed = tasks.filter(isDoomed)
  const sizes = await readSizes(gc, doomed)
  await deleteKeys(
    objects,
    doomed.map(({ oid }) => bucketKey.object(oid)),
  )
  return await Promise.all(
    tasks.map(async (task) =>
      isDoomed(task) ? await finish(gc, { ...task, size: sizes.get(task.oid) }) : 'done',
    ),
  )
}

/** How large they are, those that are there; a blob's size came with its task. */
const readSizes = async (
  { context: { objects } }: Gc,
  tasks: readonly ObjectTask[],
): Promise<ReadonlyMap<ObjectId, number>> => {
  const sizes = await Promise.all(
    tasks.map(async ({ oid, size }) => {
      const known = size ?? (await objects.head(bucketKey.object(oid)))?.sizeBytes
      return known === undefined ? [] : [[oid, known] as const]
    }),
  )
  return new Map(sizes.flat())
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
