import { contribute, createShare } from '../../schedules/share.ts'
import { collectPart } from '../collect.ts'
import { GC_JOB } from '../job.ts'
import { parseGcParameters } from '../parameters.ts'
import { tallyIn } from '../tally.ts'
import type { Trouble } from '../work-page.ts'
import type { Collecting, Lane } from './stage.ts'
import type { StepDeps } from './deps.ts'

/**
 * Works off what is due in the shards of one lane until nothing is, or this process has to end, or the run does. What is
 * done by then is done; when it is broken off anywhere, whoever tries again goes on.
 */
export const workLane = async (
  { context, troubled }: StepDeps,
  { lane, run: shared }: { readonly lane: Lane; readonly run: Collecting['run'] },
  isEnding: () => boolean,
): Promise<Lane> => {
  const { store } = context
  const { isUnparked, shards } = lane
  const ended: Lane = { ...lane, stoppedBy: 'run', tasks: 0 }
  const run = await contribute(store, GC_JOB, shared)
  if (run === undefined || run.isStopping) return ended
  const share = createShare(store, GC_JOB, { ...run, ...shared }, isEnding)
  const done = await collectPart({
    ...{ context, shards, isUnparked, begunAt: shared.begunAt },
    // Lanes are what is side by side here.
    parameters: { ...parseGcParameters(run.parameters), workers: 1 },
    run: () => Promise.resolve(shared.number),
    ...{ isStopped: share.isStopped, reportBy: share.reportBy },
    others: () => tallyIn(share.others()),
    troubled: (trouble: Trouble) => {
      share.log(`a task of type ${trouble.type} failed, and is tried again`)
      troubled(trouble)
    },
  })
  await share.close()
  const { isLimited, tasks, unknown } = done
  const stoppedBy = { over: 'run', ending: 'time' } as const
  const by = share.stoppedBy()
  return {
    ...{ shards, tasks, unknown, isUnparked: done.isUnparked },
    stoppedBy: isLimited ? 'limit' : by === undefined ? 'nothing is due' : stoppedBy[by],
  }
}
