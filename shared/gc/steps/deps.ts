import type { Executions } from '../../ports.ts'
import type { GcJobDeps } from '../job.ts'

/** What steps work with. */
export type StepDeps = GcJobDeps & { readonly executions: Executions }
