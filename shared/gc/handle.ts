import type { QueuedTask } from '../tasks/parse.ts'
import { cleanUpload } from './clean-upload.ts'
import { clearTombstone } from './clear-tombstone.ts'
import { deleteBlob } from './delete-blob.ts'
import { deleteLog } from './delete-log.ts'
import { deleteObjects } from './delete-objects.ts'
import { deleteProject } from './delete-project.ts'
import { deleteRepository } from './delete-repository.ts'
import { endTrash } from './end-trash.ts'
import type { Gc, Outcome } from './gc.ts'
import { repairBlob } from './repair-blob.ts'
import { repairManifest } from './repair-manifest.ts'
import { reviewBlob } from './review-blob.ts'
import { reviewHolder } from './review-holder.ts'
import { reviewIntent } from './review-intent.ts'
import { reviewLink } from './review-link.ts'
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
      return await reviewLink(gc, task, queued)
    case 'BLOB_REVIEW':
      return await reviewBlob(gc, task, queued)
    case 'BLOB_DELETE':
      return await deleteBlob(gc, task, queued)
    case 'MANIFEST_REVIEW':
      return await reviewManifest(gc, task, queued)
    case 'LISTING_REVIEW':
      return await reviewListing(gc, task, queued)
    case 'PARKED_REVIEW':
      return await reviewParked(gc, task, queued)
    case 'REFERRERS_REVIEW':
      return await reviewReferrers(gc, task, queued)
    case 'OBJECT_DELETE': {
      const [outcome = 'done'] = await deleteObjects(gc, [task])
      return outcome
    }
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
