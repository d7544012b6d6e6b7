import { z } from '@hono/zod-openapi'
import { describeLog } from '../../../../shared/gc/describe-log.ts'
import { gcParameters, parseGcParameters } from '../../../../shared/gc/parameters.ts'
import type { Run } from '../../../../shared/schedules/items.ts'
import type { Api } from '../../factory.ts'
import { streamed } from '../../http/streamed.ts'
import { readGcRequest } from './gc-request.ts'
import { addJobRuns } from './job-runs.ts'
import { addJobSchedule } from './job-schedule.ts'
import type { JobApi } from './job.ts'

const parameters = z.record(z.string(), z.unknown()).openapi({
  description:
    'delete_untagged, dry_run: true or false; workers: 1 to 10; time_window: hours for which an untagged manifest is ' +
    'left alone; max_objects, max_bytes, max_minutes: the run stops soon after; ignore_grace: a dry run looks ahead, ' +
    'as if nothing were left alone any longer',
  example: { delete_untagged: true, dry_run: false, workers: 1 },
})

const GC: JobApi<typeof parameters> = {
  ...{ job: 'garbageCollection', path: '/system/gc', tag: 'gc', idName: 'gc_id' },
  permission: 'garbage-collection',
  operationIds: {
    ...{ history: 'getGCHistory', run: 'getGC', stop: 'stopGC', log: 'getGCLog' },
    ...{ schedule: 'getGCSchedule', create: 'createGCSchedule', update: 'updateGCSchedule' },
  },
  ...{ one: 'garbage collection', many: 'garbage collections', name: 'GARBAGE_COLLECTION' },
  parameters,
  toStored: (given = {}) => gcParameters(readGcRequest(given)),
  shown: (stored, run) => ({ ...shownParameters(stored), ...shownResult(run) }),
  described: (given = {}) =>
    Object.entries(given)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(', '),
  events: {
    run: { resourceType: 'gc', resource: 'garbage collection' },
    schedule: { resourceType: 'gc', resource: 'garbage collection schedule' },
    runOperation: 'create',
  },
  log: (c, run) => streamed(describeLog(c.get('deps').store, run)),
}

const shownParameters = (stored: string): Readonly<Record<string, unknown>> => {
  const given = parseGcParameters(stored)
  return {
    delete_untagged: given.deleteUntagged,
    dry_run: given.isDryRun,
    workers: given.workers,
    ...(given.ignoresGrace && { ignore_grace: true }),
    ...(given.isBackground === true && { background: true }),
    time_window: given.untaggedHours,
    max_objects: given.maxObjects,
    max_bytes: given.maxBytes,
    max_minutes: given.maxMinutes,
  }
}

const SECOND_MS = 1_000

/** Harbor's three numbers, and ours; while it goes, how fast and how long still. */
const shownResult = (run: Run | undefined): Readonly<Record<string, unknown>> => {
  if (run === undefined) return {}
  const { blobs, due, freedBytes, manifests, objects, quotaBytes, releasedBytes, tasks } =
    run.result
  const seconds = (run.updatedAt - run.createdAt) / SECOND_MS
  const rate = tasks === undefined || seconds <= 0 ? undefined : Math.round(tasks / seconds)
  return {
    freed_space: freedBytes,
    purged_blobs: blobs,
    purged_manifests: manifests,
    purged_objects: objects,
    released_space: releasedBytes,
    released_quota: quotaBytes,
    tasks_done: tasks,
    ...(run.status === 'Running' && {
      tasks_due: due,
      tasks_per_second: rate,
      seconds_left:
        due === undefined || rate === undefined || rate === 0 ? undefined : Math.ceil(due / rate),
    }),
  }
}

/** Garbage collection: when, and what became of it. Paths with a number come behind the schedule. */
export const addGarbageCollection = (api: Api): void => {
  addJobSchedule(api, GC)
  addJobRuns(api, GC)
}
