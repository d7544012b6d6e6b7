import { formatBytes } from '../bytes.ts'
import type { Run } from '../schedules/items.ts'
import { mergeWalks } from '../store/merge.ts'
import type { Store } from '../store/store.ts'
import { readLog, type LogLine } from './log.ts'
import { createNames, type Names } from './names.ts'

/** The log of a run as people read it: what it said, and a line for each thing that it deleted, the oldest first. */
export const describeLog = async function* (store: Store, run: Run): AsyncGenerator<string> {
  const walks = [said(run), deleted(store, run)]
  // All begin with their time.
  yield* mergeWalks(walks, (one, other) => timeOf(one) < timeOf(other))
}

const TIME_CHARACTERS = new Date(0).toISOString().length
const timeOf = (line: string): string => line.slice(0, TIME_CHARACTERS)

// eslint-disable-next-line @typescript-eslint/require-await -- a walk as the other one
const said = async function* ({ log }: Run): AsyncGenerator<string> {
  yield* log.split('\n').filter((line) => line !== '')
}

const deleted = async function* (store: Store, run: Run): AsyncGenerator<string> {
  const names = createNames(store)
  for await (const line of readLog(store, run.number)) {
    yield `${new Date(line.at).toISOString()} ${await sentenceOf(line, names)}`
  }
}

const sentenceOf = async (
  { digest, isForeseen = false, oid, pid, reason, rid, sizeBytes = 0, what }: LogLine,
  names: Names,
): Promise<string> => {
  const deletes = isForeseen ? 'would delete' : 'deleted'
  switch (what) {
    case 'manifest':
      return `${deletes} manifest ${digest ?? ''} of ${await names.repository(pid, rid)}: ${reason ?? ''}`
    case 'link':
      return `${await names.project(pid)} ${isForeseen ? 'would no longer have' : 'no longer has'} blob ${digest ?? ''}: ${formatBytes(sizeBytes)} of its quota`
    case 'blob':
      return `${deletes} blob ${digest ?? ''} (${formatBytes(sizeBytes)}), which nothing holds; its object goes to the trash`
    case 'object':
      return `${isForeseen ? 'would free' : 'freed'} ${formatBytes(sizeBytes)}: object ${oid ?? ''}${digest === undefined ? '' : ` of blob ${digest}`}`
  }
}
