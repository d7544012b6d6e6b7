import { formatBytes } from '../../../shared/bytes.ts'
import type { Client } from '../client.ts'
import type { Followed } from '../follow.ts'
import { isOver, readRun, type GcRun } from './api.ts'

const BAR = 24

/** A run of garbage collection, with a bar. */
export const followedRun = (client: Client, id: number): Followed<GcRun> => ({
  look: async () => await readRun(client, id),
  isOver,
  describe: progressOf,
  stop: async () => {
    await client.send('PUT', `/system/gc/${id}`)
  },
})

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
