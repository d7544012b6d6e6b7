/** What is carried from step to step of a collection that no process could do in one go. The run itself has the rest. */
import * as z from 'zod'
import { TASK_SHARDS } from '../../table.ts'
import { MAX_WORKERS } from '../parameters.ts'

/** Shards of the queue that are worked off one after another, beside those of other lanes. */
export const lane = z.object({
  shards: z.array(z.int().min(0).lt(TASK_SHARDS)).min(1),
  /** Whether what is parked in them was looked at. */
  isUnparked: z.boolean(),
  /** Why its last part was over: a limit of the run, or the run itself, ends all of them. */
  stoppedBy: z.enum(['nothing is due', 'time', 'limit', 'run']),
  /** Tasks of that part, and those among them that a newer version wrote. */
  tasks: z.int(),
  unknown: z.int(),
})
export type Lane = z.infer<typeof lane>

/** Which run it is for, and what became of it so far. */
export const collecting = z.object({
  run: z.object({ number: z.int(), owner: z.string(), begunAt: z.number() }),
  lanes: z.array(lane).max(MAX_WORKERS),
  /** How often all lanes were worked on, by this execution. */
  rounds: z.int(),
  /** How many executions there were before this one. */
  generation: z.int(),
})
export type Collecting = z.infer<typeof collecting>

/**
 * What comes next. `work`: all lanes; `alone`: what one process has to do; `continue`: the same in an execution of its own,
 * for the history of one is limited; `finish`: the end of the run; `nothing`: the end of the execution.
 */
export type Next = 'work' | 'alone' | 'continue' | 'finish' | 'nothing'

export type Stage = { readonly next: Next } & Partial<Collecting>

/** The shards, dealt out to as many lanes as there may be workers. */
export const dealLanes = (workers: number): readonly Lane[] =>
  Array.from({ length: Math.min(workers, TASK_SHARDS) }, (_, first) => ({
    shards: Array.from({ length: TASK_SHARDS }, (_none, shard) => shard).filter(
      (shard) => shard % workers === first,
    ),
    ...{ isUnparked: false, stoppedBy: 'time', tasks: 0, unknown: 0 },
  }))
