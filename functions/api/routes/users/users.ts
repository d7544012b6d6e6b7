import { z } from '@hono/zod-openapi'
import { mayInSystem } from '../../../../shared/auth/access.ts'
import { createUser } from '../../../../shared/users/create.ts'
import { walkNames } from '../../../../shared/users/list.ts'
import { denied, principalOf } from '../../access.ts'
import { auditedStore } from '../../audit.ts'
import type { Api } from '../../factory.ts'
import { created, createdResponse } from '../../http/created.ts'
import { listQuery, listRequestOf } from '../../http/listing.ts'
import { pagingOf, pagingQuery } from '../../http/paging.ts'
import { errors, jsonBody, jsonPage } from '../../http/schemas.ts'
import { walkedPage } from '../../http/walked.ts'
import { route } from '../../route.ts'
import { foundUser, shortText, shownUser, userResponse } from './user-json.ts'
import { NAME_FIELDS, userPage } from './users-list.ts'

const newUser = z
  .object({
    username: shortText,
    password: z.string(),
    email: shortText.optional(),
    realname: z.string().optional(),
    comment: z.string().optional(),
  })
  .openapi('UserCreationReq')

/** All users, and how they come to be. */
export const addUsers = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: '/users',
      operationId: 'listUsers',
      summary: 'All users, by name',
      tags: ['user'],
      request: { query: listQuery },
      responses: { 200: jsonPage(userResponse, 'Users'), ...errors(400, 401, 403, 422) },
    },
    { system: 'user:list' },
    async (c) => {
      const users = await userPage(c, listRequestOf(c.req.valid('query')))
      return c.json(users.map(shownUser), 200)
    },
  )

  route(
    api,
    {
      method: 'post',
      path: '/users',
      operationId: 'createUser',
      summary: 'Make a user; everybody may make themselves one where self-registration is allowed',
      tags: ['user'],
      request: { body: jsonBody(newUser) },
      responses: { ...createdResponse, ...errors(400, 401, 403, 409, 413, 415, 422) },
    },
    { handler: 'the settings may allow everybody to register' },
    async (c) => {
      const { settings } = c.get('deps')
      const principal = await principalOf(c)
      const isAllowed =
        mayInSystem(principal, 'user:create') || (await settings()).hasSelfRegistration
      if (!isAllowed) throw denied(principal)
      const { username, ...rest } = c.req.valid('json')
      const made = { operation: 'create', resourceType: 'user', resource: username } as const
      const audited = await auditedStore(c, made)
      const { number, name } = await createUser(audited, { name: username, ...rest })
      return created(c, { id: number, name })
    },
  )

  route(
    api,
    {
      method: 'get',
      path: '/users/search',
      operationId: 'searchUsers',
      summary: 'The users whose name contains a text, for whoever wants to make them members',
      tags: ['user'],
      request: { query: z.object({ ...pagingQuery, username: z.string().min(1) }) },
      responses: { 200: jsonPage(foundUser, 'Users'), ...errors(400, 401, 422) },
    },
    'authenticated',
    async (c) => {
      const { username, ...paging } = c.req.valid('query')
      const query = new Map([['username', { kind: 'fuzzy', value: username }]] as const)
      const request = { paging: pagingOf(paging), query, sort: [] }
      const users = await walkedPage(c, walkNames(c.get('deps').store), request, NAME_FIELDS)
      return c.json(
        users.map(({ number, name }) => ({ user_id: number, username: name })),
        200,
      )
    },
  )
}
