import { auditPurgeJob } from '../audit/purge-job.ts'
import { storageAuditJob, type StorageAuditDeps } from '../check/job.ts'
import { garbageCollectionJob, type GcJobDeps } from '../gc/job.ts'
import type { Job } from '../schedules/run-due.ts'

/** Everything that runs by a schedule or when administrators say so. */
export const createJobs = (deps: GcJobDeps & Pick<StorageAuditDeps, 'lost'>): readonly Job[] => [
  auditPurgeJob(deps.context.store),
  garbageCollectionJob(deps),
  storageAuditJob(deps),
]
