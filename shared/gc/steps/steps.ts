/**
 * A run of garbage collection in steps, for where no process may run as long as it takes. Any step may be called twice, by
 * two at once, and be broken off anywhere.
 *
 * ```
 * begin -> work (every lane, side by side) -> look -> work ...   while there is more
 *      \-> alone (a dry run)                      \-> continue   in another execution
 *                                                  \-> finish    and whatever fails comes here, too
 * ```
 */
import * as z from 'zod'
import { begin } from './begin.ts'
import type { StepDeps } from './deps.ts'
import { finish } from './finish.ts'
import { goOn } from './go-on.ts'
import { look } from './look.ts'
import { collecting, lane, type Lane, type Stage } from './stage.ts'
import { workAlone } from './work-alone.ts'
import { workLane } from './work-lane.ts'

const run = collecting.shape.run
const named = { execution: z.string().min(1), input: z.unknown() }
/** Whatever there was when something failed. */
const left = z.object({
  run: run.optional().catch(undefined),
  lanes: z.array(lane).catch([]),
  failure: z.unknown().optional(),
})

/** What a step is called with. */
export const step = z.discriminatedUnion('step', [
  z.object({ step: z.literal('begin'), ...named }),
  z.object({ step: z.literal('work'), run, lane }),
  z.object({ step: z.literal('alone'), collecting }),
  z.object({ step: z.literal('look'), collecting }),
  z.object({ step: z.literal('continue'), collecting }),
  z.object({ step: z.literal('finish'), ...named, collecting: left }),
])
export type Step = z.infer<typeof step>

/** Does a step. `isEnding`: this process is about to end; the run need not. */
export const takeStep = async (
  deps: StepDeps,
  given: Step,
  isEnding: () => boolean,
): Promise<Stage | Lane> => {
  switch (given.step) {
    case 'begin':
      return await begin(deps, given)
    case 'work':
      return await workLane(deps, given, isEnding)
    case 'alone':
      return await workAlone(deps, given.collecting, isEnding)
    case 'look':
      return await look(deps, given.collecting)
    case 'continue':
      return await goOn(deps.executions, given.collecting)
    case 'finish': {
      const { execution, input } = given
      const { failure, lanes } = given.collecting
      const known = given.collecting.run ?? collecting.safeParse(input).data?.run
      const owner = known?.owner ?? execution
      const hasFailed = failure !== undefined
      return await finish(deps, { run: known, lanes, owner, hasFailed }, isEnding)
    }
  }
}
