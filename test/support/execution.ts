import type { Lane, Stage } from '../../shared/gc/steps/stage.ts'
import type { StepDeps } from '../../shared/gc/steps/deps.ts'
import { takeStep, type Step } from '../../shared/gc/steps/steps.ts'

export type Execution = {
  readonly name: string
  readonly input: unknown
  /** Goes round every step, as a state machine does that tries again what failed. */
  readonly around?: (step: Step, take: () => Promise<Stage | Lane>) => Promise<Stage | Lane>
  readonly isEnding?: () => boolean
}

/** Takes the steps of an execution in the order in which the state machine does; answers what they were. */
export const execute = async (
  deps: StepDeps,
  { around = async (_step, take) => await take(), input, isEnding = () => false, name }: Execution,
): Promise<readonly Step['step'][]> => {
  const taken: Step['step'][] = []
  const take = async (step: Step): Promise<Stage | Lane> => {
    taken.push(step.step)
    return await around(step, async () => await takeStep(deps, step, isEnding))
  }
  const stageOf = (answer: Stage | Lane): Stage => {
    if (!('next' in answer)) throw new Error('a lane where a stage was expected')
    return answer
  }
  const named = { execution: name, input }
  let stage: Stage = { next: 'nothing' }
  try {
    stage = stageOf(await take({ step: 'begin', ...named }))
    for (;;) {
      const { generation = 0, lanes = [], next, rounds = 0, run } = stage
      if (next === 'nothing') return taken
      if (run === undefined) throw new Error('a run was expected')
      const collecting = { run, lanes, rounds, generation }
      if (next === 'work') {
        const worked = await Promise.all(
          lanes.map(async (lane) => await take({ step: 'work', run, lane })),
        )
        const carried = worked.flatMap((lane) => ('shards' in lane ? [lane] : []))
        stage = stageOf(await take({ step: 'look', collecting: { ...collecting, lanes: carried } }))
      } else if (next === 'finish') {
        stage = stageOf(await take({ step: 'finish', ...named, collecting: { ...collecting } }))
      } else {
        stage = stageOf(await take({ step: next, collecting }))
      }
    }
  } catch (failure) {
    const { lanes = [], run } = stage
    await take({ step: 'finish', ...named, collecting: { run, lanes, failure } })
    return taken
  }
}
