import { z } from '@hono/zod-openapi'
import { listRuns, readRun, stopRun, walkRuns } from '../../../../shared/schedules/runs.ts'
import type { Run } from '../../../../shared/schedules/items.ts'
import type { JobName } from '../../../../shared/table.ts'
import { auditedStore } from '../../audit.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { listQuery, listRequestOf } from '../../http/listing.ts'
import { setPageHeaders } from '../../http/paging.ts'
import { errors, idInPath, json, jsonPage } from '../../http/schemas.ts'
import { walkedPage } from '../../http/walked.ts'
import { route } from '../../route.ts'
import { execHistory, RUN_FIELDS, shownRun } from './job-json.ts'
import type { JobApi } from './job.ts'

/** What runs of a job there were, and how they went. */
export const addJobRuns = (api: Api, job: JobApi): void => {
  const { events, idName, many, one, operationIds, path, permission } = job
  const tags = [job.tag]
  const ofRun = { path: `${path}/{${idName}}`, tags, request: paramsOf(idName) }

  route(
    api,
    {
      ...{ method: 'get', path, tags, operationId: operationIds.history },
      summary: `The ${many}, the newest first; the last 500 are kept`,
      request: { query: listQuery },
      responses: { 200: jsonPage(execHistory, 'The runs'), ...errors(400, 401, 403, 422) },
    },
    { system: `${permission}:list` },
    async (c) => {
      const runs = await page(c, job.job, c.req.valid('query'))
      return c.json(
        runs.map((run) => shownRun(job, run)),
        200,
      )
    },
  )

  route(
    api,
    {
      ...{ ...ofRun, method: 'get', operationId: operationIds.run },
      summary: `How ${one} goes, or went`,
      responses: { 200: json(execHistory, 'The run'), ...errors(401, 403, 404, 422) },
    },
    { system: `${permission}:read` },
    async (c) => c.json(shownRun(job, await runOf(c, job, c.req.valid('param')[idName])), 200),
  )

  route(
    api,
    {
      ...{ ...ofRun, method: 'put', operationId: operationIds.stop },
      summary: `Stop ${one}, which takes some seconds; what it has done is done`,
      responses: { 200: { description: 'It stops, or is over' }, ...errors(401, 403, 404, 422) },
    },
    { system: `${permission}:stop` },
    async (c) => {
      const number = c.req.valid('param')[idName] ?? 0
      const event = { ...events.run, operation: 'update', description: 'stop' } as const
      const store = await auditedStore(c, { ...event, resource: `${one} ${number}` })
      await stopRun(store, job.job, number)
      return c.body(null, 200)
    },
  )

  route(
    api,
    {
      ...{ method: 'get', path: `${ofRun.path}/log`, tags, operationId: operationIds.log },
      summary: `What ${one} did, as far as it has come`,
      request: paramsOf(idName),
      responses: {
        200: { description: 'Lines, in text/plain' },
        ...errors(401, 403, 404, 422),
      },
    },
    { system: `${permission}:read` },
    async (c) => {
      const run = await runOf(c, job, c.req.valid('param')[idName])
      return c.body(job.log(c, run), 200, { 'Content-Type': 'text/plain; charset=UTF-8' })
    },
  )
}

const paramsOf = (idName: string) => ({ params: z.object({ [idName]: idInPath }) })

const runOf = async (c: ApiContext, { job }: JobApi, number = 0): Promise<Run> =>
  await readRun(c.get('deps').store, job, number)

const page = async (
  c: ApiContext,
  job: JobName,
  given: z.output<typeof listQuery>,
): Promise<readonly Run[]> => {
  const { store } = c.get('deps')
  const request = listRequestOf(given)
  if (request.query.size > 0 || request.sort.length > 0) {
    return await walkedPage(c, walkRuns(store, job), request, RUN_FIELDS)
  }
  const { offset, pageSize } = request.paging
  const part = { limit: pageSize, skip: offset }
  const { entries, total } = await listRuns(store, job, part)
  setPageHeaders(c, request.paging, total)
  return entries
}
