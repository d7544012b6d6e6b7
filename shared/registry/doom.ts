import type { Condition, TransactOperation } from '../ports.ts'
import type { Store } from '../store/store.ts'
import { key, SCHEMA_VERSION, type ObjectId } from '../table.ts'
import { enqueue, type TaskOf } from '../tasks/tasks.ts'

type Doom = {
  /** Of the object's record; refused when they do not hold. */
  readonly conditions: readonly Condition[]
  /** When it is deleted from the bucket; epoch milliseconds. */
  readonly dueAt: number
  /** What is written down beside. */
  readonly why?: Readonly<Record<string, string>> | undefined
} & Pick<TaskOf<'OBJECT_DELETE'>, 'size' | 'digest'>

/** Of an object's record: from here on nobody brings it back. */
export const DELETING = 'isDeleting'

/**
 * The writes that give an object up, and the task that deletes it. That of a blob is found by its digest until then, for
 * who wants it back.
 */
export const doomObject = (
  store: Store,
  oid: ObjectId,
  { conditions, digest, dueAt, size, why }: Doom,
): readonly TransactOperation[] => {
  const now = store.clock.now()
  const doomed = { state: 'DOOM', version: store.ids.next(), updatedAt: now, deleteAt: dueAt }
  // What waits for nothing has no way back, and who deletes it need not shut that first.
  const waits = dueAt > now
  return [
    {
      ...{ op: 'update', key: key.object(oid), conditions },
      set: { ...why, ...doomed, ...(waits ? {} : { [DELETING]: true }) },
    },
    enqueue(store.ids, dueAt, { type: 'OBJECT_DELETE', oid, size, digest }),
    ...(digest === undefined || !waits
      ? []
      : [{ op: 'put', item: { ...key.trashedBlob(digest, oid), v: SCHEMA_VERSION } } as const]),
  ]
}
