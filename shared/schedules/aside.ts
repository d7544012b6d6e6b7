/** Runs that nobody asked for and that keep none from beginning: they are in the history, and that is all. */
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key, SCHEMA_VERSION, type JobName } from '../table.ts'
import { claimOf } from './claim.ts'
import { clearDeadRun, closingAside, type Ending } from './close.ts'
import type { Run } from './items.ts'
import { inHistory, newRun } from './runs.ts'
import { readJob } from './schedule.ts'

/** So many of the latest runs may have been left behind by processes that are gone. */
const LOOKED_BACK = 3

/** Puts a run into the history that is under way; of those before it, what is dead is marked so. */
export const openAside = async (store: Store, job: JobName, parameters: string): Promise<Run> => {
  const { openRun, run } = await contend(store, async () => {
    const { lastRun, openRun: open } = await readJob(store, job)
    const given = { number: lastRun + 1, kind: 'SCHEDULE', parameters } as const
    const next = newRun(store, { ...given, ...claimOf(store) })
    const outcome = await transactNamed(store, {
      job: {
        ...{ op: 'update', key: key.job(job), set: { v: SCHEMA_VERSION, lastRun: next.number } },
        conditions: [
          lastRun === 0
            ? { kind: 'attributeAbsent', name: 'lastRun' }
            : { kind: 'equals', name: 'lastRun', value: lastRun },
        ],
      },
      ...inHistory(job, next),
    })
    return outcome.done ? { openRun: open, run: next } : AGAIN
  })
  for (let back = 1; back <= LOOKED_BACK; back += 1) {
    const number = run.number - back
    if (number > 0 && number !== openRun) await clearDeadRun(store, job, number, closingAside)
  }
  return run
}

/** Ends it. */
export const closeAside = async (
  store: Store,
  job: JobName,
  run: Run,
  ending: Ending,
): Promise<void> => {
  await transactNamed(store, closingAside(store, job, run, ending))
}
