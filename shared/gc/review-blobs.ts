import { examineEach } from '../guards/collect-each.ts'
import { timesOf } from '../store/store.ts'
import { key } from '../table.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import { holdersOfBlob } from './holders.ts'
import { deleteBlobs } from './delete-blobs.ts'
import type { HandlerOfMany } from './gc.ts'

/**
 * Condemns blobs that nobody holds. They stay for whoever pulls them at this moment, and for whoever pushes them again;
 * where that is for no time at all, they go at once.
 */
export const reviewBlobs: HandlerOfMany<TaskOf<'BLOB_REVIEW'>> = async (gc, tasks) => {
  const { store } = gc.context
  const examined = await examineEach(
    store,
    tasks.map(({ digest }) => ({ key: key.blob(digest), holders: holdersOfBlob(store, digest) })),
  )
  const condemned = tasks.map(({ digest }, index) => {
    const one = examined[index]
    if (one?.outcome !== 'empty') return undefined
    return { type: 'BLOB_DELETE', digest, version: one.guard.version } as const
  })
  const { pullGrace } = timesOf(store)
  if (pullGrace <= 0) {
    await deleteBlobs(
      gc,
      condemned.filter((task) => task !== undefined),
    )
    return tasks.map(() => 'done')
  }
  const dueAt = store.clock.now() + pullGrace
  return condemned.map((task) => (task === undefined ? 'done' : { again: dueAt, task }))
}
