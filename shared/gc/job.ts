import { formatBytes } from '../bytes.ts'
import type { Job, RunContext } from '../schedules/run-due.ts'
import { collectGarbage, forgetLogs, type Collected, type Collection } from './collect.ts'
import { foresee } from './foresee.ts'
import { readLog } from './log.ts'
import { parseGcParameters, type GcParameters } from './parameters.ts'
import { resultOf, tallyOf } from './tally.ts'
import type { Trouble } from './work-page.ts'

export type GcJobDeps = Pick<Collection, 'context' | 'troubled' | 'isBusy'>

export const GC_JOB = 'garbageCollection'

/** Garbage collection as administrators ask for it, or by their schedule. */
export const garbageCollectionJob = ({ context, isBusy, troubled }: GcJobDeps): Job => ({
  name: GC_JOB,
  work: async (text, runContext) => {
    const parameters = parseGcParameters(text)
    const { isStopped, log, number, reportBy } = runContext
    const { store } = context
    log(described(parameters))
    await forgetLogs(store, number)
    const collection = {
      ...{ context, isBusy, parameters, isStopped, reportBy },
      troubled: (trouble: Trouble) => {
        log(`a task of type ${trouble.type} failed, and is tried again`)
        troubled(trouble)
      },
    }
    if (parameters.isDryRun) {
      const foreseen = await foresee({ ...collection, number })
      tellForeseen(foreseen, log)
      return { ...resultOf(foreseen), tasks: foreseen.tasks }
    }
    const collected = await collectGarbage({ ...collection, run: () => Promise.resolve(number) })
    tell(collected, log)
    // Of a run that somebody else began, this has the rest.
    return { ...resultOf(await tallyOf(readLog(store, number))), tasks: collected.tasks }
  },
})

/** What a run is to do, in a sentence for its log. */
export const described = ({ deleteUntagged, isDryRun, workers }: GcParameters): string =>
  `${isDryRun ? 'dry run: nothing is deleted; ' : ''}${workers} workers; manifests without a tag ${deleteUntagged ? 'go' : 'stay'} in projects that do not say otherwise`

/** In sentences, for the log of a run. */
export const tell = (collected: Collected, log: RunContext['log']): void => {
  const { blobs, failed, freedBytes, isLimited, manifests, objects, tasks, unknown } = collected
  log(`${tasks} tasks were worked on; ${failed} failed, and are tried again`)
  if (unknown > 0) log(`${unknown} tasks of a newer version were left alone`)
  log(`${blobs} blobs and ${manifests} manifests were deleted`)
  log(`${objects} objects are gone from the bucket: ${formatBytes(freedBytes)} freed`)
  if (isLimited) log('a limit is reached: what is left is for the next run')
}

const tellForeseen = (foreseen: Collected, log: RunContext['log']): void => {
  const { blobs, freedBytes, isLimited, manifests, objects, quotaBytes, releasedBytes } = foreseen
  log(`${blobs} blobs and ${manifests} manifests would be deleted: ${formatBytes(releasedBytes)}`)
  log(`${objects} objects would go from the bucket: ${formatBytes(freedBytes)} freed`)
  log(`projects would pay for ${formatBytes(quotaBytes)} less`)
  if (isLimited) log('a limit is reached: there is more')
}
