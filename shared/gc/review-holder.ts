import { strayness } from '../check/strays.ts'
import type { TransactOperation } from '../ports.ts'
import { getItem } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { parseKey } from '../table-parse.ts'
import { enqueue, type Task, type TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'

/** Lets go of what a manifest or push holds that is gone, and has what it held looked at. */
export const reviewHolder: Handler<TaskOf<'HOLDER_REVIEW'>> = async ({ context }, task) => {
  const { store } = context
  const at = { pk: task.holderPk, sk: task.holderSk }
  const item = await getItem(store, at, 'strong')
  const checks = item && (await strayness(store, item))
  if (checks === undefined) return 'done'
  // Refused: it came to be of use, or somebody else let go of it.
  await transact(store, [
    { op: 'delete', key: at, conditions: [{ kind: 'exists' }] },
    ...checks,
    ...reviewsOf(store, task),
  ])
  return 'done'
}

const reviewsOf = (
  { clock, ids }: Store,
  { holderPk, holderSk, pid }: TaskOf<'HOLDER_REVIEW'>,
): readonly TransactOperation[] => {
  const of = parseKey({ pk: holderPk, sk: holderSk })
  const review = (task: Task) => [enqueue(ids, clock.now(), task)]
  if (of?.kind === 'ref') return review({ type: 'LINK_REVIEW', digest: of.digest, pid: of.pid })
  if (pid === undefined || (of?.kind !== 'heldByIndex' && of?.kind !== 'heldByTag')) return []
  return review({ type: 'MANIFEST_REVIEW', pid, rid: of.rid, digest: of.digest })
}
