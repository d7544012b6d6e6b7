import { z } from '@hono/zod-openapi'
import type { AuditEvent } from '../../../../shared/audit/entry.ts'
import { isAdministrator, isNarrowed, mayInSystem } from '../../../../shared/auth/access.ts'
import type { SystemPermission } from '../../../../shared/auth/permissions.ts'
import type { Principal, UserNumber } from '../../../../shared/auth/principal.ts'
import { DomainError } from '../../../../shared/errors.ts'
import { setSysadmin, updateProfile } from '../../../../shared/users/change.ts'
import { deleteUser } from '../../../../shared/users/delete.ts'
import { readUser, unknownUser } from '../../../../shared/users/find.ts'
import type { User } from '../../../../shared/users/items.ts'
import type { Store } from '../../../../shared/store/store.ts'
import { denied, principalOf } from '../../access.ts'
import { auditedStore } from '../../audit.ts'
import type { Api } from '../../factory.ts'
import { errors, json, jsonBody } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import { shortText, shownUser, userInPath, userNumberOf, userResponse } from './user-json.ts'

const profile = z
  .object({
    email: shortText.optional(),
    realname: z.string().optional(),
    comment: z.string().optional(),
  })
  .openapi('UserProfile')
const sysadminFlag = z.object({ sysadmin_flag: z.boolean() }).openapi('UserSysAdminFlag')

export const isSelf = (principal: Principal, number: UserNumber): boolean =>
  principal.kind === 'user' && principal.number === number

/**
 * Somebody else, to be changed. Who is no administrator may be allowed to look after users, but not after those who may
 * do more.
 * @throws DomainError NOT_FOUND, FORBIDDEN
 */
export const otherUser = async (
  store: Store,
  principal: Principal,
  number: UserNumber,
): Promise<User> => {
  const user = await readUser(store, number)
  if (user === undefined) throw unknownUser(number)
  if (user.isSysadmin && !isAdministrator(principal)) throw denied(principal)
  return user
}

/** What the audit log says of a change to a user. */
export const doneTo = (
  { name }: { readonly name: string },
  operation: 'update' | 'delete',
  description?: string,
): AuditEvent => ({ operation, resourceType: 'user', resource: name, description })

const assertMay = (
  principal: Principal,
  permission: SystemPermission,
  number: UserNumber,
): void => {
  if (mayInSystem(principal, permission)) return
  if (!isSelf(principal, number) || isNarrowed(principal)) throw denied(principal)
}

/** One user: everybody may look at and change themselves. */
export const addUser = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: '/users/{user_id}',
      operationId: 'getUser',
      summary: 'A user',
      tags: ['user'],
      request: { params: userInPath },
      responses: { 200: json(userResponse, 'The user'), ...errors(401, 403, 404, 422) },
    },
    'authenticated',
    async (c) => {
      const number = userNumberOf(c.req.valid('param').user_id)
      assertMay(await principalOf(c), 'user:read', number)
      const user = await readUser(c.get('deps').store, number)
      if (user === undefined) throw unknownUser(number)
      return c.json(shownUser(user), 200)
    },
  )

  route(
    api,
    {
      method: 'put',
      path: '/users/{user_id}',
      operationId: 'updateUserProfile',
      summary: 'Change what a user says of themselves; what is absent stays',
      tags: ['user'],
      request: { params: userInPath, body: jsonBody(profile) },
      responses: {
        200: { description: 'Changed' },
        ...errors(400, 401, 403, 404, 409, 413, 415, 422),
      },
    },
    'authenticated',
    async (c) => {
      const { store } = c.get('deps')
      const principal = await principalOf(c)
      const number = userNumberOf(c.req.valid('param').user_id)
      assertMay(principal, 'user:update', number)
      const user = await otherUser(store, principal, number)
      const audited = await auditedStore(c, doneTo(user, 'update', 'profile'))
      await updateProfile(audited, number, c.req.valid('json'))
      return c.body(null, 200)
    },
  )

  route(
    api,
    {
      method: 'delete',
      path: '/users/{user_id}',
      operationId: 'deleteUser',
      summary: 'Delete a user: nobody themselves, and nobody the first administrator',
      tags: ['user'],
      request: { params: userInPath },
      responses: { 200: { description: 'Deleted' }, ...errors(401, 403, 404, 422) },
    },
    { system: 'user:delete' },
    async (c) => {
      const { store } = c.get('deps')
      const principal = await principalOf(c)
      const number = userNumberOf(c.req.valid('param').user_id)
      if (isSelf(principal, number)) {
        throw new DomainError('FORBIDDEN', 'nobody deletes themselves; ask another administrator')
      }
      // When nobody is there any more, what an interrupted deletion left behind still goes, and nothing is deleted.
      const isThere = (await readUser(store, number)) !== undefined
      const event = isThere && doneTo(await otherUser(store, principal, number), 'delete')
      await deleteUser(event === false ? store : await auditedStore(c, event), number)
      return c.body(null, 200)
    },
  )

  route(
    api,
    {
      method: 'put',
      path: '/users/{user_id}/sysadmin',
      operationId: 'setUserSysAdmin',
      summary: 'Make a user an administrator, or one no more',
      tags: ['user'],
      request: { params: userInPath, body: jsonBody(sysadminFlag) },
      responses: {
        200: { description: 'Changed' },
        ...errors(400, 401, 403, 404, 413, 415, 422),
      },
    },
    { system: 'user:update' },
    async (c) => {
      const principal = await principalOf(c)
      // A robot that looks after users must not make itself an administrator by one of them.
      if (principal.kind !== 'user') throw denied(principal)
      const number = userNumberOf(c.req.valid('param').user_id)
      const { sysadmin_flag: isSysadmin } = c.req.valid('json')
      const user = await otherUser(c.get('deps').store, principal, number)
      const event = doneTo(user, 'update', isSysadmin ? 'administrator' : 'no administrator')
      await setSysadmin(await auditedStore(c, event), number, isSysadmin)
      return c.body(null, 200)
    },
  )
}
