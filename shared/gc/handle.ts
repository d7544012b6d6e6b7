import type { QueuedTask } from '../tasks/parse.ts'
import type { Task, TaskOf, TaskType } from '../tasks/tasks.ts'
import { cleanUpload } from './clean-upload.ts'
import { clearTombstone } from './clear-tombstone.ts'
import { deleteBlobs } from './delete-blobs.ts'
import { deleteLog } from './delete-log.ts'
import { deleteObjects } from './delete-objects.ts'
import { deleteProject } from './delete-project.ts'
import { deleteRepository } from './delete-repository.ts'
import { endTrash } from './end-trash.ts'
import type { Gc, HandlerOfMany, Outcome } from './gc.ts'
import { repairBlob } from './repair-blob.ts'
import { repairManifest } from './repair-manifest.ts'
import { reviewBlobs } from './review-blobs.ts'
import { reviewHolder } from './review-holder.ts'
import { reviewIntent } from './review-intent.ts'
import { reviewLinks } from './review-links.ts'
import { reviewListing } from './review-listing.ts'
import { reviewManifest } from './review-manifest.ts'
import { reviewParked } from './review-parked.ts'
import { reviewReferrers } from './review-referrers.ts'
import { reviewStray } from './review-stray.ts'
import { reviewUpload } from './review-upload.ts'

/** Works off one task, whatever it is. */
export const handle = async (gc: Gc, queued: QueuedTask): Promise<Outcome> => {
  const { task } = queued
  switch (task.type) {
    case 'UPLOAD_REVIEW':
      return await reviewUpload(gc, task, queued)
    case 'UPLOAD_CLEANUP':
      return await cleanUpload(gc, task, queued)
    case 'INTENT_REVIEW':
      return await reviewIntent(gc, task, queued)
    case 'TOMBSTONE':
      return await clearTombstone(gc, task, queued)
    case 'LINK_REVIEW':
      return await alone(gc, reviewLinks, task)
    case 'BLOB_REVIEW':
      return await alone(gc, reviewBlobs, task)
    case 'BLOB_DELETE':
      return await alone(gc, deleteBlobs, task)
    case 'MANIFEST_REVIEW':
      return await reviewManifest(gc, task, queued)
    case 'LISTING_REVIEW':
      return await reviewListing(gc, task, queued)
    case 'PARKED_REVIEW':
      return await reviewParked(gc, task, queued)
    case 'REFERRERS_REVIEW':
      return await reviewReferrers(gc, task, queued)
    case 'OBJECT_DELETE':
      return await alone(gc, deleteObjects, task)
    case 'REPOSITORY_DELETE':
      return await deleteRepository(gc, task, queued)
    case 'PROJECT_DELETE':
      return await deleteProject(gc, task, queued)
    case 'HOLDER_REVIEW':
      return await reviewHolder(gc, task, queued)
    case 'STRAY_REVIEW':
      return await reviewStray(gc, task, queued)
    case 'BLOB_REPAIR':
      return await repairBlob(gc, task, queued)
    case 'MANIFEST_REPAIR':
      return await repairManifest(gc, task, queued)
    case 'TRASH_END':
      return await endTrash(gc, task, queued)
    case 'LOG_DELETE':
      return await deleteLog(gc, task, queued)
  }
}

const alone = async <T extends Task>(
  gc: Gc,
  handler: HandlerOfMany<T>,
  task: T,
): Promise<Outcome> => {
  const [outcome = 'done'] = await handler(gc, [task])
  return outcome
}

/** Tasks of one type that are worked off together; the outcomes come in their order. */
export type Group = {
  readonly queued: readonly QueuedTask[]
  readonly work: () => Promise<readonly Outcome[]>
}

/** Those of some tasks of which many cost little more than one. */
export const groupsOf = (gc: Gc, tasks: readonly QueuedTask[]): readonly Group[] => [
  ...group(gc, tasks, 'LINK_REVIEW', reviewLinks),
  ...group(gc, tasks, 'BLOB_REVIEW', reviewBlobs),
  ...group(gc, tasks, 'BLOB_DELETE', deleteBlobs),
  ...group(gc, tasks, 'OBJECT_DELETE', deleteObjects),
]

const group = <Type extends TaskType>(
  gc: Gc,
  tasks: readonly QueuedTask[],
  type: Type,
  handler: HandlerOfMany<TaskOf<Type>>,
): readonly Group[] => {
  const isOfType = (queued: QueuedTask): queued is QueuedTask & { readonly task: TaskOf<Type> } =>
    queued.task.type === type
  const queued = tasks.filter(isOfType)
  const work = async () =>
    await handler(
      gc,
      queued.map(({ task }) => task),
    )
  return queued.length === 0 ? [] : [{ queued, work }]
}
