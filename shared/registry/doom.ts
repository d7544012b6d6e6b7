import type { Condition, TransactOperation } from '../ports.ts'
import type { Store } from '../store/store.ts'
import { key, type ObjectId } from '../table.ts'
import { enqueue, type TaskOf } from '../tasks/tasks.ts'

type Doom = {
  /** Of the object's record; refused when they do not hold. */
  readonly conditions: readonly Condition[]
  /** When it is deleted from the bucket; epoch milliseconds. */
  readonly dueAt: number
  /** What is written down beside. */
  readonly why?: Readonly<Record<string, string>> | undefined
} & Pick<TaskOf<'OBJECT_DELETE'>, 'size' | 'digest'>

/** The writes that give an object up, and the task that deletes it. */
export const doomObject = (
  store: Store,
  oid: ObjectId,
  { conditions, digest, dueAt, size, why }: Doom,
): readonly TransactOperation[] => [
  {
    op: 'update',
    key: key.object(oid),
    set: { ...why, state: 'DOOM', version: store.ids.next(), updatedAt: store.clock.now() },
    conditions,
  },
  enqueue(store.ids, dueAt, { type: 'OBJECT_DELETE', oid, size, digest }),
]
