import { closeAside, openAside } from '../schedules/aside.ts'
import type { Run } from '../schedules/items.ts'
import { createPulse, type Pulse } from '../schedules/pulse.ts'
import { readJob } from '../schedules/schedule.ts'
import { collectGarbage, forgetLogs, type Collection } from './collect.ts'
import { countDue } from './due.ts'
import { tell } from './job.ts'
import { DEFAULT_PARAMETERS } from './parameters.ts'
import { resultOf } from './tally.ts'

const JOB = 'garbageCollection'
/** What marks such runs in the history; parameters have what else they need. */
const PARAMETERS = JSON.stringify({ ...DEFAULT_PARAMETERS, isBackground: true })

export type Background = Pick<Collection, 'context' | 'troubled' | 'isBusy'> & {
  /** The process is about to end. */
  readonly isEnding: () => boolean
}

/**
 * Works off what is due, if anything is; not beside a run that somebody asked for. It is in the history only if it
 * deleted something, so that the history tells of what happened.
 */
export const collectInBackground = async ({
  context,
  isBusy,
  isEnding,
  troubled,
}: Background): Promise<void> => {
  const { store } = context
  if ((await countDue(store, 1)) === 0) return
  if ((await readJob(store, JOB)).openRun !== undefined) return

  let opened: Promise<{ readonly run: Run; readonly pulse: Pulse }> | undefined
  let pulse: Pulse | undefined
  const open = async () => {
    const run = await openAside(store, JOB, PARAMETERS)
    await forgetLogs(store, run.number)
    pulse = createPulse(store, JOB, run, isEnding)
    return { run, pulse }
  }
  const collected = await collectGarbage({
    ...{ context, isBusy, troubled, parameters: DEFAULT_PARAMETERS, leavesParked: true },
    run: async () => {
      opened ??= open()
      return (await opened).run.number
    },
    isStopped: async () => (pulse === undefined ? isEnding() : await pulse.isStopped()),
  })
  if (opened === undefined) return
  const { pulse: heard, run } = await opened
  tell(collected, heard.log)
  const isSuccess = !heard.hasStopped()
  await closeAside(store, JOB, run, {
    status: isSuccess ? 'Success' : 'Stopped',
    log: heard.text(),
    result: { ...resultOf(collected), tasks: collected.tasks },
  })
}
