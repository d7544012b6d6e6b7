import { setTimeout as sleep } from 'node:timers/promises'
import type { WriteStream } from 'node:tty'
import { formatBytes } from '../../../shared/bytes.ts'
import { CliError, type Client } from '../client.ts'
import { isOver, readRun, type GcRun } from './api.ts'

const LOOK_MS = 500
const LINE_MS = 10_000
const BAR = 24

type Out = Pick<WriteStream, 'write'> & { readonly isTTY?: boolean }

/**
 * Shows how a run goes until it is over: a bar on a terminal, elsewhere a line now and then.
 * @throws CliError when the signal comes, and has the run stopped
 */
export const followRun = async (
  client: Client,
  id: number,
  out: Out,
  signal?: AbortSignal,
): Promise<GcRun> => {
  let saidAt = Date.now()
  for (;;) {
    const run = await readRun(client, id)
    if (out.isTTY === true) out.write(`\r\u001b[K${isOver(run) ? '' : progressOf(run)}`)
    else if (Date.now() - saidAt >= LINE_MS && !isOver(run)) {
      saidAt = Date.now()
      out.write(`${progressOf(run)}\n`)
    }
    if (isOver(run)) return run
    if (signal?.aborted === true) {
      await client.send('PUT', `/system/gc/${id}`)
      throw new CliError('stopped')
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
}

const progressOf = ({ job_parameters: told, job_status: status }: GcRun): string => {
  const { purged_blobs: blobs, released_space: bytes, tasks_done: done } = told
  const { seconds_left: left, tasks_due: due = 0, tasks_per_second: rate = 0 } = told
  const all = done + due
  const filled = all === 0 ? 0 : Math.round((done / all) * BAR)
  const bar = `[${'='.repeat(filled)}${' '.repeat(BAR - filled)}]`
  const sums = `${done} of ${all} tasks, ${blobs} blobs, ${formatBytes(bytes)}`
  const speed = left === undefined ? '' : `, ${rate}/s, ${left} s left`
  return `${status} ${bar} ${sums}${speed}`
}

/** What came of it, in a sentence. */
export const outcomeOf = ({ id, job_parameters: told, job_status: status }: GcRun): string => {
  const { purged_blobs: blobs, purged_manifests: manifests, purged_objects: objects } = told
  const [what, deleted, freed, was] = told.dry_run
    ? ['dry run', 'would delete', 'free', 'is']
    : ['run', 'deleted', 'freed', 'was']
  return [
    `${what} ${id}: ${status}; it ${deleted} ${manifests} manifests and ${blobs} blobs`,
    `(${formatBytes(told.released_space)}), and ${freed} ${formatBytes(told.freed_space)} of`,
    `${objects} objects whose time in the trash ${was} over`,
  ].join(' ')
}
