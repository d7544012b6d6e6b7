import type { RegistryContext } from '../registry/context.ts'
import type { Job, RunContext } from '../schedules/run-due.ts'
import { RUNS_KEPT } from '../schedules/runs.ts'
import { writeAll } from '../store/batch.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { findingsOf } from '../table.ts'
import { auditStorage, BEGINNING, NONE, type Counts } from './audit.ts'
import { readFindings } from './log.ts'
import { auditParameters, DEFAULT_PARAMETERS, parseAuditParameters } from './parameters.ts'
import { parseProgress, progressOf } from './place.ts'
import { createProjectsOf } from './projects.ts'

/** One blob of so many is read through, and no more bytes than this in one go of the worker: seconds of its time. */
const SAMPLED = { oneIn: 64, bytesLeft: 1024 ** 3 }
const HOUR_MS = 60 * 60_000

export type StorageAuditDeps = {
  readonly context: Pick<RegistryContext, 'store' | 'objects' | 'allowSparse'>
  /** Told that a run found data to be lost: somebody must look. */
  readonly lost: (loss: Loss) => void
}

export type Loss = { readonly run: number; readonly lost: number }

/** The audit of the table and the bucket, once a week unless somebody says otherwise. */
export const storageAuditJob = ({ context, lost }: StorageAuditDeps): Job => ({
  name: 'storageAudit',
  // Harbor's week begins on Saturday; in a quiet hour, not at the full one.
  schedule: {
    ...{ type: 'Custom', cron: '0 17 3 * * 6' },
    parameters: auditParameters(DEFAULT_PARAMETERS),
  },
  work: async (text, runContext) => {
    const { isStopped, log, number, progress, progressBy, reportBy } = runContext
    const { allowSparse, objects, store } = context
    const begun =
      progress === undefined ? { place: BEGINNING, counts: NONE } : parseProgress(progress)
    if (progress === undefined) await forgetFindings(store, number - RUNS_KEPT)
    const before = store.clock.now() - parseAuditParameters(text).marginHours * HOUR_MS
    let { counts } = begun
    let passed: string | undefined
    reportBy(() => counts)
    // Should this process die, the next one goes on from there.
    progressBy(() => passed)
    const audited = await auditStorage({
      ...{ ...begun, run: number, isStopped },
      context: {
        ...{ store, objects, before, sample: { ...SAMPLED } },
        ...createProjectsOf(store, allowSparse),
      },
      counted: (so) => {
        counts = so
      },
      passed: (so) => {
        passed = so.place === undefined ? passed : progressOf(so)
      },
    })
    if (audited.place !== undefined) {
      return { unfinished: { progress: progressOf(audited), result: audited.counts } }
    }
    const result = await withoutBroughtBack(store, number, audited.counts)
    tell(result, log)
    if (result.lost > 0) lost({ run: number, lost: result.lost })
    return result
  },
})

/**
 * A blob without a record counts as lost where a manifest refers to it; not when its bytes were found elsewhere in the same
 * run, and it gets its record back.
 */
const withoutBroughtBack = async (store: Store, run: number, counts: Counts): Promise<Counts> => {
  if (counts.lost === 0) return counts
  const back = new Set<string | undefined>()
  const gone: (string | undefined)[] = []
  for await (const { blob, kind } of readFindings(store, run)) {
    if (kind === 'bytesWithoutBlob') back.add(blob)
    if (kind === 'blobWithoutRecord') gone.push(blob)
  }
  const found = gone.filter((blob) => back.has(blob)).length
  return { ...counts, lost: counts.lost - found, broken: counts.broken + found }
}

const forgetFindings = async (store: Store, run: number): Promise<void> => {
  if (run < 1) return
  const query = { pk: findingsOf(run), keysOnly: true, read: 'strong' } as const
  for await (const items of pages(store, query)) {
    const keys = items.map(({ pk, sk }) => ({ pk, sk }))
    await writeAll(
      store,
      keys.map((key) => ({ op: 'delete', key })),
    )
  }
}

const tell = ({ broken, items, leaked, lost, objects }: Counts, log: RunContext['log']): void => {
  log(`${items} items of the table and ${objects} objects of the bucket were compared`)
  if (lost > 0) log(`DATA IS LOST: ${lost} things are gone that nothing here can bring back`)
  if (broken > 0) log(`${broken} things were broken and are mended by the next collection`)
  if (leaked > 0) log(`${leaked} things were garbage that no task would have found; now one does`)
  if (lost + broken + leaked === 0) log('everything is as it should be')
}
