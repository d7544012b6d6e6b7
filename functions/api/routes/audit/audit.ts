import { z } from '@hono/zod-openapi'
import {
  kindOf,
  OPERATIONS,
  RESOURCE_TYPES,
  type AuditEntry,
} from '../../../../shared/audit/entry.ts'
import { filterAudit, listAudit, walkAudit } from '../../../../shared/audit/list.ts'
import { visibleLogs } from '../../../../shared/audit/visible.ts'
import type { AuditScope } from '../../../../shared/table.ts'
import { principalOf, projectOf } from '../../access.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { setPageHeaders } from '../../http/paging.ts'
import { streamed } from '../../http/streamed.ts'
import { listQuery, listRequestOf } from '../../http/listing.ts'
import { matches, type Fields } from '../../http/query-match.ts'
import { errors, json, jsonPage } from '../../http/schemas.ts'
import { route } from '../../route.ts'

const common = {
  id: z.int(),
  username: z.string(),
  resource: z.string(),
  resource_type: z.string(),
  operation: z.string(),
  op_time: z.iso.datetime(),
}
const auditLog = z.object(common).openapi('AuditLog')
const auditLogExt = z
  .object({
    ...common,
    operation_description: z.string(),
    operation_result: z.boolean(),
    client_address: z.string(),
  })
  .openapi('AuditLogExt')
const eventType = z.object({ event_type: z.string() }).openapi('AuditLogEventType')

const shown = (entry: AuditEntry): z.infer<typeof auditLog> => ({
  id: entry.number,
  username: entry.operator,
  resource: entry.resource,
  resource_type: entry.resourceType,
  operation: entry.operation,
  op_time: new Date(entry.at).toISOString(),
})

const shownWhole = (entry: AuditEntry): z.infer<typeof auditLogExt> => ({
  ...shown(entry),
  operation_description: entry.description,
  operation_result: entry.isSuccess,
  client_address: entry.address,
})

const FIELDS: Fields<AuditEntry> = {
  id: ({ number }) => number,
  username: ({ operator }) => operator,
  resource: ({ resource }) => resource,
  resource_type: ({ resourceType }) => resourceType,
  operation: ({ operation }) => operation,
  op_time: ({ at }) => new Date(at),
  operation_result: ({ isSuccess }) => isSuccess,
  client_address: ({ address }) => address,
}

const EVENT_TYPES = OPERATIONS.flatMap((operation) =>
  RESOURCE_TYPES.map((resourceType) => ({ event_type: kindOf({ operation, resourceType }) })),
)

/** The audit log: always the newest first, whatever `sort` says. */
export const addAudit = (api: Api): void => {
  for (const { path, schema, show, operationId, summary } of [
    {
      path: '/audit-logs',
      schema: auditLog,
      show: shown,
      operationId: 'listAuditLogs',
      summary: 'The audit log, in the fields that it had first',
    },
    {
      path: '/auditlog-exts',
      schema: auditLogExt,
      show: shownWhole,
      operationId: 'listAuditLogExts',
      summary:
        'The audit log: all of it for administrators, else that of the projects of the caller',
    },
  ]) {
    route(
      api,
      {
        ...{ method: 'get', path, operationId, summary, tags: ['auditlog'] },
        request: { query: listQuery },
        responses: { 200: jsonPage(schema, 'The entries'), ...errors(400, 401, 422) },
      },
      'authenticated',
      async (c) => {
        const scopes = await visibleLogs(c.get('deps').store, await principalOf(c))
        return c.json((await page(c, scopes, c.req.valid('query'))).map(show), 200)
      },
    )
  }

  for (const { path, schema, show, operationId } of [
    { path: '/logs', schema: auditLog, show: shown, operationId: 'getLogs' },
    { path: '/auditlog-exts', schema: auditLogExt, show: shownWhole, operationId: 'getLogExts' },
  ]) {
    route(
      api,
      {
        method: 'get',
        path: `/projects/{project_name_or_id}${path}`,
        operationId,
        summary: 'The audit log of a project',
        tags: ['project'],
        request: { params: z.object({ project_name_or_id: z.string() }), query: listQuery },
        responses: { 200: jsonPage(schema, 'The entries'), ...errors(400, 401, 403, 404, 422) },
      },
      { project: 'log:list' },
      async (c) => {
        const { pid } = projectOf(c).facts
        return c.json((await page(c, [pid], c.req.valid('query'))).map(show), 200)
      },
    )
  }

  route(
    api,
    {
      method: 'get',
      path: '/auditlog-exts/events',
      operationId: 'listAuditLogEventTypes',
      summary: 'The types of events that are logged',
      tags: ['auditlog'],
      responses: { 200: json(z.array(eventType), 'The types'), ...errors(401) },
    },
    'authenticated',
    (c) => c.json(EVENT_TYPES, 200),
  )

  route(
    api,
    {
      method: 'get',
      path: '/auditlog-exts/export',
      operationId: 'exportAuditLog',
      summary: 'The whole audit log, the newest entry first, a line of JSON each',
      tags: ['auditlog'],
      responses: {
        200: { description: 'The entries, in application/x-ndjson' },
        ...errors(401, 403),
      },
    },
    { system: 'audit-log:list' },
    (c) => {
      const entries = walkAudit(c.get('deps').store, ['system'])
      return c.body(streamed(linesOf(entries)), 200, { 'Content-Type': 'application/x-ndjson' })
    },
  )
}

const page = async (
  c: ApiContext,
  scopes: readonly AuditScope[],
  asked: z.output<typeof listQuery>,
): Promise<readonly AuditEntry[]> => {
  const { paging, query } = listRequestOf(asked)
  const { store } = c.get('deps')
  const part = { limit: paging.pageSize, skip: paging.offset }
  const { entries, total } =
    query.size === 0
      ? await listAudit(store, scopes, part)
      : await filterAudit(store, scopes, part, (entry) => matches(entry, query, FIELDS))
  setPageHeaders(c, paging, total)
  return entries
}

const linesOf = async function* (entries: AsyncGenerator<AuditEntry>): AsyncGenerator<string> {
  for await (const entry of entries) yield JSON.stringify(shownWhole(entry))
}
