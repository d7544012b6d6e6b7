import { readUpload } from '../registry/uploads/upload.ts'
import { doom } from '../registry/uploads/cancel.ts'
import { timesOf } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'

/** Gives up an upload that nobody has touched for long; one that somebody does is looked at again later. */
export const reviewUpload: Handler<TaskOf<'UPLOAD_REVIEW'>> = async ({ context }, { oid }) => {
  const { store } = context
  const upload = await readUpload({ store }, oid)
  if (upload?.state !== 'UP') return 'done'
  const now = store.clock.now()
  const idleAt = (upload.updatedAt ?? 0) + timesOf(store).uploadIdle
  if (idleAt > now) return { again: idleAt }
  // Refused: somebody went on with it at this very moment.
  const outcome = await transact(store, doom(store, upload, now))
  return outcome.done ? 'done' : { again: now + timesOf(store).uploadIdle }
}
