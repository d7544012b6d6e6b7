/** A run that several processes work on, side by side and one after another, and none of them for as long as it takes. */
import { getItem } from '../store/query.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { key, type JobName } from '../table.ts'
import { leaseFrom } from './claim.ts'
import { asBefore } from './close.ts'
import { parseRun, sumAttributes, type Result, type Run } from './items.ts'
import { ALIVE_EVERY_MS, withLine } from './pulse.ts'

/** By which those who work on it know it: whoever has other ones works on nothing. */
export type SharedRun = { readonly number: number; readonly owner: string }

const running = ({ owner }: SharedRun) => asBefore({ status: 'Running', owner })

/** As it is now; `undefined`: it is over, or somebody else's. */
export const readShared = async (
  store: Store,
  job: JobName,
  shared: SharedRun,
): Promise<Run | undefined> => {
  const item = await getItem(store, key.jobRun(job, shared.number), 'strong')
  const run = item === undefined ? undefined : parseRun(item)
  return run?.status === 'Running' && run.owner === shared.owner ? run : undefined
}

/**
 * Says that it is alive, and adds to its sums; answers as `readShared`. When the answer of the table gets lost, something
 * may be added twice: sums are for who watches, and for limits.
 */
export const contribute = async (
  store: Store,
  job: JobName,
  shared: SharedRun,
  { sums = {}, facts = {} }: { readonly sums?: Result; readonly facts?: Result } = {},
): Promise<Run | undefined> => {
  const now = store.clock.now()
  const outcome = await retry(store, async () => {
    const written = await store.kv.write({
      op: 'update',
      key: key.jobRun(job, shared.number),
      set: { leaseUntil: leaseFrom(now), updatedAt: now, ...sumAttributes(facts) },
      ...(Object.keys(sums).length > 0 && { add: sumAttributes(sums) }),
      conditions: running(shared),
    })
    return written === 'conflict' ? AGAIN : written
  })
  return outcome === 'done' ? await readShared(store, job, shared) : undefined
}

/** Writes lines into its log, between those of others. */
export const tellShared = async (
  store: Store,
  job: JobName,
  shared: SharedRun,
  lines: readonly string[],
): Promise<void> => {
  if (lines.length === 0) return
  await retry(store, async () => {
    const run = await readShared(store, job, shared)
    if (run === undefined) return 'over'
    const now = store.clock.now()
    const log = lines.reduce((text, line) => withLine(text, line, now), run.log)
    const written = await store.kv.write({
      op: 'update',
      key: key.jobRun(job, shared.number),
      set: { log },
      conditions: [...running(shared), { kind: 'equals', name: 'log', value: run.log }],
    })
    return written === 'done' ? written : AGAIN
  })
}

/** What one of those who work on it does for it. */
export type Share = {
  /** To be asked before every piece of work, of seconds at most: it also says that the run is alive. */
  readonly isStopped: () => Promise<boolean>
  /** `over`: for everybody; `ending`: only this process has to end. */
  readonly stoppedBy: () => 'over' | 'ending' | undefined
  readonly log: (line: string) => void
  /** Has this asked for what this share has done so far, whenever it says that the run is alive. */
  readonly reportBy: (report: Report) => void
  /** What all others have done, as far as it is known. */
  readonly others: () => Result
  /** Writes down what is not written yet. */
  readonly close: () => Promise<void>
}

export type Report = {
  readonly sums: () => Result
  /** Of the whole run, in place of what was known. */
  readonly facts: () => Promise<Result>
}

/** `isEnding`: this process is about to end; others go on with the run. */
export const createShare = (
  store: Store,
  job: JobName,
  run: Run & SharedRun,
  isEnding: () => boolean,
): Share => {
  let report: Report = { sums: () => ({}), facts: () => Promise.resolve({}) }
  let lines: readonly string[] = []
  let [known, told]: [Result, Result] = [run.result, {}]
  let saidAt = store.clock.now()
  let stoppedBy: ReturnType<Share['stoppedBy']>
  const say = async (facts: Result): Promise<void> => {
    const [sums, said] = [report.sums(), lines]
    const now = await contribute(store, job, run, { sums: less(sums, told), facts })
    ;[told, lines] = [sums, lines.slice(said.length)]
    await tellShared(store, job, run, said)
    if (now === undefined || now.isStopping) stoppedBy = 'over'
    known = now?.result ?? known
  }
  return {
    isStopped: async () => {
      if (stoppedBy !== undefined) return true
      const now = store.clock.now()
      if (isEnding()) {
        stoppedBy = 'ending'
      } else if (now - saidAt >= ALIVE_EVERY_MS) {
        saidAt = now
        await say(await report.facts())
      }
      return stoppedBy !== undefined
    },
    stoppedBy: () => stoppedBy,
    log: (line) => {
      lines = [...lines, line]
    },
    reportBy: (given) => {
      report = given
    },
    others: () => less(known, told),
    close: async () => {
      await say({})
    },
  }
}

const less = (result: Result, other: Result): Result =>
  Object.fromEntries(
    Object.entries(result).map(([name, value]) => [name, value - (other[name] ?? 0)]),
  )
