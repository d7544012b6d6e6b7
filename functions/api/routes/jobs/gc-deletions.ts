import { z } from '@hono/zod-openapi'
import { readLog } from '../../../../shared/gc/log.ts'
import { createNames } from '../../../../shared/gc/names.ts'
import { readRun } from '../../../../shared/schedules/runs.ts'
import type { Store } from '../../../../shared/store/store.ts'
import type { Api } from '../../factory.ts'
import { idInPath, errors } from '../../http/schemas.ts'
import { streamed } from '../../http/streamed.ts'
import { route } from '../../route.ts'

/** What a run of garbage collection deleted, or would delete, for programs. */
export const addGcDeletions = (api: Api): void => {
  route(
    api,
    {
      ...{ method: 'get', path: '/system/gc/{gc_id}/deletions', operationId: 'getGCDeletions' },
      summary: 'Everything that a garbage collection deleted, or that a dry run would',
      description: 'A line of JSON each: time, kind, digest, project, repository, size, reason',
      tags: ['gc'],
      request: { params: z.object({ gc_id: idInPath }) },
      responses: {
        200: { description: 'The deletions, in application/x-ndjson' },
        ...errors(401, 403, 404, 422),
      },
    },
    { system: 'garbage-collection:read' },
    async (c) => {
      const { store } = c.get('deps')
      const { number } = await readRun(store, 'garbageCollection', c.req.valid('param').gc_id)
      return c.body(streamed(linesOf(store, number)), 200, {
        'Content-Type': 'application/x-ndjson',
      })
    },
  )
}

const linesOf = async function* (store: Store, run: number): AsyncGenerator<string> {
  const names = createNames(store)
  for await (const line of readLog(store, run)) {
    const { at, digest, isForeseen = false, oid, pid, reason, rid, sizeBytes, what } = line
    yield JSON.stringify({
      time: new Date(at).toISOString(),
      kind: what,
      digest,
      object: oid,
      project: pid === undefined ? undefined : await names.project(pid),
      repository: rid === undefined ? undefined : await names.repository(pid, rid),
      size: sizeBytes,
      reason,
      foreseen: isForeseen,
    })
  }
}
