import type { Executions } from '../../ports.ts'
import { runWaits } from '../../schedules/claim.ts'
import type { Store } from '../../store/store.ts'
import { GC_JOB } from '../job.ts'

/** Has a run of garbage collection begin, if one waits or is due; of two executions that begin at once one finds nothing. */
export const startDue = async (store: Store, executions: Executions): Promise<void> => {
  if (await runWaits(store, GC_JOB)) await executions.start('{}')
}
