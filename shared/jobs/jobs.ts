import { auditPurgeJob } from '../audit/purge-job.ts'
import type { Job } from '../schedules/run-due.ts'
import type { Store } from '../store/store.ts'

/** Everything that runs by a schedule or when administrators say so. */
export const createJobs = (store: Store): readonly Job[] => [auditPurgeJob(store)]
