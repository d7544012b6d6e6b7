import { z } from '@hono/zod-openapi'
import { DomainError } from '../../../../shared/errors.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { pagingOf, pagingQuery, setPageHeaders } from '../../http/paging.ts'
import { errors, idInPath, json, jsonBody, jsonPage } from '../../http/schemas.ts'
import { route } from '../../route.ts'

const TAGS = ['usergroup']

const found = { id: z.int(), group_name: z.string(), group_type: z.int() }
const userGroup = z.object({ ...found, ldap_group_dn: z.string().optional() }).openapi('UserGroup')
const foundGroup = z.object(found).openapi('UserGroupSearchItem')
const given = userGroup.partial().openapi('UserGroupReq')
const groupInPath = z.object({ group_id: idInPath })

/** Groups come from directories that users are kept in. Users are kept here, so there is none, and none can be made. */
export const addUserGroups = (api: Api): void => {
  for (const { path, operationId, schema, query, access } of LISTS) {
    route(
      api,
      {
        ...{ method: 'get', path, operationId, tags: TAGS },
        summary: 'The groups of users, of which there are none',
        request: { query },
        responses: { 200: jsonPage(schema, 'Groups'), ...errors(401, 403, 422) },
      },
      access,
      (c) => c.json(none(c, c.req.valid('query')), 200),
    )
  }

  route(
    api,
    {
      ...{ method: 'post', path: '/usergroups', operationId: 'createUserGroup', tags: TAGS },
      summary: 'Refused: this registry keeps its users itself',
      request: { body: jsonBody(given) },
      responses: errors(400, 401, 403, 412, 413, 415, 422),
    },
    { system: 'user-group:create' },
    () => {
      throw new DomainError(
        'PRECONDITION',
        'this registry keeps its users itself (auth mode db_auth) and has no groups of them',
      )
    },
  )

  for (const { method, operationId, access } of OF_ONE) {
    route(
      api,
      {
        ...{ method, path: '/usergroups/{group_id}', operationId, tags: TAGS },
        summary: 'Of a group of users, of which there are none',
        request: { params: groupInPath },
        responses: { 200: json(userGroup, 'Never'), ...errors(401, 403, 404, 422) },
      },
      access,
      (c) => {
        throw new DomainError('NOT_FOUND', `there is no group ${c.req.valid('param').group_id}`)
      },
    )
  }
}

const LISTS = [
  {
    path: '/usergroups',
    operationId: 'listUserGroups',
    schema: userGroup,
    query: z.object({
      ...pagingQuery,
      ldap_group_dn: z.string().optional(),
      group_name: z.string().optional(),
    }),
    access: { system: 'user-group:list' },
  },
  {
    path: '/usergroups/search',
    operationId: 'searchUserGroups',
    schema: foundGroup,
    query: z.object({ ...pagingQuery, groupname: z.string().min(1) }),
    access: 'authenticated',
  },
] as const

const OF_ONE = [
  { method: 'get', operationId: 'getUserGroup', access: { system: 'user-group:read' } },
  { method: 'put', operationId: 'updateUserGroup', access: { system: 'user-group:update' } },
  { method: 'delete', operationId: 'deleteUserGroup', access: { system: 'user-group:delete' } },
] as const

const none = (c: ApiContext, query: Parameters<typeof pagingOf>[0]): never[] => {
  setPageHeaders(c, pagingOf(query), 0)
  return []
}
