import { removal, resume } from '../guards/collect.ts'
import { parseBlob } from '../registry/blobs/items.ts'
import { doomObject } from '../registry/doom.ts'
import { timesOf } from '../store/store.ts'
import { key } from '../table.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { Handler } from './gc.ts'
import { deleteLogged } from './log.ts'
import { holdersOf } from './review-blob.ts'

/** Collects a blob that was condemned a while ago and that nobody rescued since; its object goes to the trash. */
export const deleteBlob: Handler<TaskOf<'BLOB_DELETE'>> = async (gc, { digest, version }) => {
  const { store } = gc.context
  // Under another version it was rescued, and whatever lets go of it next has it reviewed.
  const examined = await resume(store, key.blob(digest), version, holdersOf(store, digest))
  if (examined.outcome !== 'empty') return 'done'
  const { oid, sizeBytes } = parseBlob(examined.guard.item)
  const dueAt = store.clock.now() + timesOf(store).trash
  await deleteLogged(gc, { kind: 'blob', digest, sizeBytes }, [
    removal(examined.guard),
    ...doomObject(store, oid, {
      ...{ dueAt, digest, size: sizeBytes },
      conditions: [{ kind: 'equals', name: 'state', value: 'OWN' }],
    }),
  ])
  return 'done'
}
