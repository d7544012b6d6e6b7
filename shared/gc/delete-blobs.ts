import { removal } from '../guards/collect.ts'
import { resumeEach } from '../guards/collect-each.ts'
import { parseBlob } from '../registry/blobs/items.ts'
import { doomObject } from '../registry/doom.ts'
import { timesOf } from '../store/store.ts'
import { key } from '../table.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import { holdersOfBlob } from './holders.ts'
import type { HandlerOfMany } from './gc.ts'
import { deleteEachLogged } from './log.ts'

/** Collects blobs that were condemned a while ago and that nobody rescued since; their objects go to the trash. */
export const deleteBlobs: HandlerOfMany<TaskOf<'BLOB_DELETE'>> = async (gc, tasks) => {
  const { store } = gc.context
  // Under another version it was rescued, and whatever lets go of it next has it reviewed.
  const examined = await resumeEach(
    store,
    tasks.map(({ digest, version }) => ({
      ...{ key: key.blob(digest), version, holders: holdersOfBlob(store, digest) },
    })),
  )
  const dueAt = store.clock.now() + timesOf(store).trash
  const deletions = tasks.flatMap(({ digest }, index) => {
    const one = examined[index]
    if (one?.outcome !== 'empty') return []
    const { oid, sizeBytes } = parseBlob(one.guard.item)
    const doomed = doomObject(store, oid, {
      ...{ dueAt, digest, size: sizeBytes },
      conditions: [{ kind: 'equals', name: 'state', value: 'OWN' }],
    })
    const what = { kind: 'blob', digest, sizeBytes } as const
    return [{ what, operations: [removal(one.guard), ...doomed] }]
  })
  await deleteEachLogged(gc, deletions)
  return tasks.map(() => 'done')
}
