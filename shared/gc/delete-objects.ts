import { bucketKey } from '../bucket.ts'
import { sideBySide } from '../limiter.ts'
import type { UpdateItem } from '../ports.ts'
import { DELETING } from '../registry/doom.ts'
import { readAll, type Found } from '../store/batch.ts'
import { writeEach } from '../store/each.ts'
import { numberIn } from '../store/known.ts'
import { AGAIN, retry } from '../store/retry.ts'
import { timesOf, type Store } from '../store/store.ts'
import { key, type ObjectId } from '../table.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import { deleteKeys, dropLeftovers } from './clean-upload.ts'
import type { Gc, Outcome } from './gc.ts'
import { deleteEachLogged, type Deletion } from './log.ts'

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
  const now = store.clock.now()
  const isDoomed = ({ oid }: ObjectTask): boolean =>
    found.get(key.object(oid))?.['state'] === 'DOOM'
  // It was brought back and doomed again, and this task is of the first time.
  const keptUntil = ({ oid }: ObjectTask): number =>
    numberIn(found.get(key.object(oid)), 'deleteAt')
  const isDue = (task: ObjectTask): boolean => isDoomed(task) && keptUntil(task) <= now
  const doomed = await withoutWayBack(store, tasks.filter(isDue), found)
  const isGoing = new Set(doomed)
  const sizes = await noteSizes(gc, doomed, found)
  await deleteKeys(
    objects,
    doomed.map(({ oid }) => bucketKey.object(oid)),
  )
  const ends = await sideBySide(tasks, async (task) => {
    if (isGoing.has(task)) return await ended(gc, { ...task, size: sizes.get(task.oid) })
    return isDoomed(task) && !isDue(task) ? { again: keptUntil(task) } : 'done'
  })
  await deleteEachLogged(gc, ends.filter(isEnding))
  return ends.map((end) => (isEnding(end) ? 'done' : end))
}

const isEnding = (end: Outcome | Deletion): end is Deletion =>
  typeof end === 'object' && 'operations' in end

/** Refused: it is doomed no more. */
export const shutWayBack = async (store: Store, oid: ObjectId): Promise<'done' | 'refused'> =>
  await write(store, oid, SHUT)

const SHUT = { [DELETING]: true }

/** Shuts the way back out of the trash, which who undeletes takes with an object, or an audit. Answers those that stay doomed. */
const withoutWayBack = async (
  store: Store,
  doomed: readonly ObjectTask[],
  found: Found,
): Promise<readonly ObjectTask[]> => {
  const open = doomed.filter(({ oid }) => found.get(key.object(oid))?.[DELETING] !== true)
  const outcomes = await writeEach(
    store,
    open.map(({ oid }) => whileDoomed(oid, SHUT)),
  )
  const brought = new Set<ObjectTask>()
  await sideBySide(open, async (task, index) => {
    const met = outcomes[index]
    const outcome = met === 'conflict' ? await shutWayBack(store, task.oid) : met
    if (outcome !== 'done') brought.add(task)
  })
  return doomed.filter((task) => !brought.has(task))
}

/**
 * How large they are, those that are or were there; a blob's size came with its task. It is written into the object's
 * record before the object goes: who tries again after a worker that failed or fell over in between could not ask the
 * bucket any more, and the bytes would be in no log.
 */
const noteSizes = async (
  { context: { objects, store } }: Gc,
  tasks: readonly ObjectTask[],
  found: Found,
): Promise<ReadonlyMap<ObjectId, number>> => {
  const sizes = await Promise.all(
    tasks.map(async ({ oid, size }) => {
      const noted = found.get(key.object(oid))?.[SIZE]
      const known = size ?? (typeof noted === 'number' ? noted : undefined)
      if (known !== undefined) return [[oid, known] as const]
      const object = await objects.head(bucketKey.object(oid))
      if (object === undefined) return []
      await note(store, oid, object.sizeBytes)
      return [[oid, object.sizeBytes] as const]
    }),
  )
  return new Map(sizes.flat())
}

/** Of an object's record: what the bucket said. */
const SIZE = 'foundSize'

/** Refused: another worker has deleted the object and its record, and knew. */
const note = async (store: Store, oid: ObjectId, sizeBytes: number): Promise<void> => {
  await write(store, oid, { [SIZE]: sizeBytes })
}

/** Into the record of an object while it is doomed. */
const write = async (
  store: Store,
  oid: ObjectId,
  set: Readonly<Record<string, number | boolean>>,
): Promise<'done' | 'refused'> =>
  await retry(store, async () => {
    const outcome = await store.kv.write(whileDoomed(oid, set))
    return outcome === 'conflict' ? AGAIN : outcome
  })

const whileDoomed = (oid: ObjectId, set: NonNullable<UpdateItem['set']>): UpdateItem => ({
  op: 'update',
  key: key.object(oid),
  set,
  conditions: [{ kind: 'equals', name: 'state', value: 'DOOM' }],
})

/** What is left to do for an object that is gone from the bucket: a wait for what may be in flight, or the end of its record. */
const ended = async (gc: Gc, task: ObjectTask): Promise<Outcome | Deletion> => {
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
  return {
    // Nothing was ever stored under it: nothing to tell of.
    what: size === undefined ? undefined : { kind: 'object', oid, digest, sizeBytes: size },
    operations: [
      {
        op: 'delete',
        key: key.object(oid),
        conditions: [{ kind: 'equals', name: 'state', value: 'DOOM' }],
      },
      ...(digest === undefined
        ? []
        : [{ op: 'delete', key: key.trashedBlob(digest, oid) } as const]),
    ],
  }
}
