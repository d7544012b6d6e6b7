/** Users as Harbor's API writes them. */
import { z } from '@hono/zod-openapi'
import type { UserNumber } from '../../../../shared/auth/principal.ts'
import { DomainError } from '../../../../shared/errors.ts'
import { parseUserNumber, type User } from '../../../../shared/users/items.ts'
import { idInPath } from '../../http/schemas.ts'
import { iso } from '../../http/time.ts'

/** What Harbor holds texts to; names and addresses have rules of their own. */
const LONGEST = 255
export const shortText = z.string().openapi({ maxLength: LONGEST })

export const userResponse = z
  .object({
    user_id: z.int(),
    username: z.string(),
    email: z.string(),
    realname: z.string(),
    comment: z.string(),
    sysadmin_flag: z.boolean(),
    admin_role_in_auth: z.boolean(),
    creation_time: z.iso.datetime(),
    update_time: z.iso.datetime(),
  })
  .openapi('UserResp')

export const foundUser = z
  .object({ user_id: z.int(), username: z.string() })
  .openapi('UserSearchRespItem')

export const shownUser = (user: User): z.infer<typeof userResponse> => ({
  user_id: user.number,
  username: user.name,
  email: user.email ?? '',
  realname: user.realname,
  comment: user.comment,
  sysadmin_flag: user.isSysadmin,
  // Nobody is an administrator by a directory here.
  admin_role_in_auth: false,
  creation_time: iso(user.createdAt),
  update_time: iso(user.updatedAt),
})

export const userInPath = z.object({ user_id: idInPath })

/** @throws DomainError NOT_FOUND for a number that no user has */
export const userNumberOf = (id: number): UserNumber => {
  if (id < 1) throw new DomainError('NOT_FOUND', `there is no user ${id}`)
  return parseUserNumber(id)
}
