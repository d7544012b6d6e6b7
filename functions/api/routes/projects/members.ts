import { z } from '@hono/zod-openapi'
import type { AuditEvent, Operation } from '../../../../shared/audit/entry.ts'
import { idOfRole, type Role } from '../../../../shared/auth/roles.ts'
import { addMember } from '../../../../shared/projects/add-member.ts'
import { changeRole, removeMember } from '../../../../shared/projects/change-member.ts'
import type { Actor } from '../../../../shared/projects/may-give.ts'
import type { Member } from '../../../../shared/projects/member.ts'
import { listMembers, readMember, walkMembers } from '../../../../shared/projects/members.ts'
import { principalOf, projectOf } from '../../access.ts'
import { auditedStore } from '../../audit.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { created, createdResponse } from '../../http/created.ts'
import { listQuery, listRequestOf } from '../../http/listing.ts'
import { setPageHeaders } from '../../http/paging.ts'
import type { Fields } from '../../http/query-match.ts'
import { fieldKey, type Condition } from '../../http/query.ts'
import { errors, idInPath, json, jsonBody, jsonPage, ofProject } from '../../http/schemas.ts'
import { walkedPage } from '../../http/walked.ts'
import { route } from '../../route.ts'
import {
  memberJson,
  memberRequest,
  parseRole,
  roleRequest,
  toMemberJson,
  userOf,
} from './member-json.ts'

const PATH = '/projects/{project_name_or_id}/members'
const ONE = `${PATH}/{mid}`
const tags = ['member']

const membersQuery = listQuery.extend({
  entityname: z.string().optional().openapi({ description: 'Members whose names contain this' }),
})
const ofMember = { ...ofProject, params: ofProject.params.extend({ mid: idInPath }) } as const

const FIELDS: Fields<Member> = {
  id: ({ number }) => number,
  entity_name: ({ userName }) => userName,
  entity_id: ({ user }) => user,
  entity_type: () => 'u',
  role_id: ({ role }) => idOfRole(role),
  role_name: ({ role }) => role,
  creation_time: ({ createdAt }) => new Date(createdAt),
}

/** Who belongs to a project, and as what. */
export const addMembers = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: PATH,
      operationId: 'listProjectMembers',
      summary: 'The members of a project, by their ids',
      tags,
      request: { ...ofProject, query: membersQuery },
      responses: { 200: jsonPage(memberJson, 'The members'), ...errors(400, 401, 403, 404, 422) },
    },
    { project: 'member:list' },
    async (c) => {
      const { number } = projectOf(c).project
      const members = await pageOfMembers(c, c.req.valid('query'))
      return c.json(
        members.map((member) => toMemberJson(number, member)),
        200,
      )
    },
  )

  route(
    api,
    {
      method: 'post',
      path: PATH,
      operationId: 'createProjectMember',
      summary: 'Make a user a member, with a role not above the caller’s own',
      tags,
      request: { ...ofProject, body: jsonBody(memberRequest) },
      responses: { ...createdResponse, ...errors(400, 401, 403, 404, 409, 413, 415, 422) },
    },
    { project: 'member:create' },
    async (c) => {
      const { store } = c.get('deps')
      const body = c.req.valid('json')
      const role = parseRole(body.role_id)
      const { number: user, name: userName } = await userOf(store, body)
      const audited = await auditedStore(c, doneTo(c, 'create', userName, role))
      const { number } = await addMember(audited, await actorOf(c), { user, userName, role })
      return created(c, { id: number })
    },
  )

  route(
    api,
    {
      method: 'get',
      path: ONE,
      operationId: 'getProjectMember',
      summary: 'A member',
      tags,
      request: ofMember,
      responses: { 200: json(memberJson, 'The member'), ...errors(401, 403, 404, 422) },
    },
    { project: 'member:read' },
    async (c) => {
      const member = await memberOf(c, c.req.valid('param').mid)
      return c.json(toMemberJson(projectOf(c).project.number, member), 200)
    },
  )

  route(
    api,
    {
      method: 'put',
      path: ONE,
      operationId: 'updateProjectMember',
      summary: 'Give a member another role; neither is above the caller’s own',
      tags,
      request: { ...ofMember, body: jsonBody(roleRequest) },
      responses: { 200: { description: 'Changed' }, ...errors(400, 401, 403, 404, 413, 415, 422) },
    },
    { project: 'member:update' },
    async (c) => {
      const role = parseRole(c.req.valid('json').role_id)
      const { number, userName } = await memberOf(c, c.req.valid('param').mid)
      const store = await auditedStore(c, doneTo(c, 'update', userName, role))
      await changeRole(store, await actorOf(c), number, role)
      return c.body(null, 200)
    },
  )

  route(
    api,
    {
      method: 'delete',
      path: ONE,
      operationId: 'deleteProjectMember',
      summary: 'End a membership, whose role is not above the caller’s own',
      tags,
      request: ofMember,
      responses: { 200: { description: 'Ended' }, ...errors(401, 403, 404, 422) },
    },
    { project: 'member:delete' },
    async (c) => {
      const { number, userName } = await memberOf(c, c.req.valid('param').mid)
      const store = await auditedStore(c, doneTo(c, 'delete', userName))
      await removeMember(store, await actorOf(c), number)
      return c.body(null, 200)
    },
  )
}

const memberOf = async (c: ApiContext, number: number): Promise<Member> =>
  await readMember(c.get('deps').store, projectOf(c).project.pid, number)

const doneTo = (c: ApiContext, operation: Operation, userName: string, role?: Role): AuditEvent => {
  const { name, pid } = projectOf(c).project
  const description = role === undefined ? {} : { description: `role ${role}` }
  return { operation, resourceType: 'member', resource: `${name}/${userName}`, pid, ...description }
}

const actorOf = async (c: ApiContext): Promise<Actor> => ({
  principal: await principalOf(c),
  facts: projectOf(c).facts,
})

const pageOfMembers = async (
  c: ApiContext,
  given: z.output<typeof membersQuery>,
): Promise<readonly Member[]> => {
  const { store } = c.get('deps')
  const { pid } = projectOf(c).project
  const request = listRequestOf(given)
  const query = new Map<string, Condition>(request.query)
  const { entityname: name = '' } = given
  if (name !== '') query.set(fieldKey('entity_name'), { kind: 'fuzzy', value: name })
  if (query.size > 0 || request.sort.length > 0) {
    return await walkedPage(c, walkMembers(store, pid), { ...request, query }, FIELDS)
  }
  const { offset, pageSize } = request.paging
  const { entries, total } = await listMembers(store, pid, { limit: pageSize, skip: offset })
  setPageHeaders(c, request.paging, total)
  return entries
}
