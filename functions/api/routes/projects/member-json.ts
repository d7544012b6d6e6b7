import { z } from '@hono/zod-openapi'
import { idOfRole, roleOfId, ROLES, type Role } from '../../../../shared/auth/roles.ts'
import { DomainError } from '../../../../shared/errors.ts'
import type { Member } from '../../../../shared/projects/member.ts'
import type { Store } from '../../../../shared/store/store.ts'
import { findUserByName, readUser, unknownUser } from '../../../../shared/users/find.ts'
import { parseUserNumber, type User } from '../../../../shared/users/items.ts'

export const memberJson = z
  .object({
    id: z.int(),
    project_id: z.int(),
    entity_name: z.string(),
    entity_id: z.int(),
    entity_type: z.literal('u'),
    role_name: z.string(),
    role_id: z.int(),
  })
  .openapi('ProjectMemberEntity')

export const toMemberJson = (
  project: number,
  { number, user, userName, role }: Member,
): z.output<typeof memberJson> => ({
  id: number,
  project_id: project,
  entity_name: userName,
  entity_id: user,
  entity_type: 'u',
  role_name: role,
  role_id: idOfRole(role),
})

const text = z.string().nullish()
const number = z.int().nullish()

export const roleRequest = z.object({ role_id: z.int() }).openapi('RoleRequest')

export const memberRequest = roleRequest
  .extend({
    member_user: z.object({ user_id: number, username: text }).nullish(),
    member_group: z
      .object({ id: number, group_name: text, group_type: number, ldap_group_dn: text })
      .nullish(),
  })
  .openapi('ProjectMember')

/** @throws DomainError BAD_REQUEST */
export const parseRole = (id: number): Role => {
  const role = roleOfId(id)
  if (role !== undefined) return role
  const known = ROLES.map((one) => `${one.id} (${one.name})`).join(', ')
  throw new DomainError('BAD_REQUEST', `role_id is one of ${known}`)
}

/**
 * The user whom a client means, by id or by name.
 * @throws DomainError BAD_REQUEST for a group or for nobody, NOT_FOUND
 */
export const userOf = async (
  store: Store,
  { member_user: given, member_group: group }: z.output<typeof memberRequest>,
): Promise<User> => {
  if ([group?.id, group?.group_name, group?.ldap_group_dn].some(Boolean)) {
    throw new DomainError('BAD_REQUEST', 'there are no groups here: name a member_user')
  }
  const { user_id: id, username = '' } = given ?? {}
  if (id !== undefined && id !== null && id !== 0) {
    const wanted = parseUserNumber(id)
    const user = await readUser(store, wanted)
    if (user === undefined) throw unknownUser(wanted)
    return user
  }
  if (username === null || username === '') {
    throw new DomainError('BAD_REQUEST', 'member_user has a username or a user_id')
  }
  const user = await findUserByName(store, username)
  if (user === undefined) throw new DomainError('NOT_FOUND', 'there is no user of that name')
  return user
}
