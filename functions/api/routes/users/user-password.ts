import { z } from '@hono/zod-openapi'
import { mayInSystem } from '../../../../shared/auth/access.ts'
import { guess } from '../../../../shared/auth/lockout.ts'
import { DomainError } from '../../../../shared/errors.ts'
import { changePassword, resetPassword } from '../../../../shared/users/password.ts'
import { addressOf, denied, principalOf } from '../../access.ts'
import { auditedStore } from '../../audit.ts'
import type { Api } from '../../factory.ts'
import { errors, jsonBody } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import { userInPath, userNumberOf } from './user-json.ts'
import { doneTo, isSelf, otherUser } from './user.ts'

const passwords = z
  .object({ old_password: z.string().optional(), new_password: z.string() })
  .openapi('PasswordReq')

/** What the audit log says that was changed. */
const PASSWORD = 'password'

/** How people get in. */
export const addUserPassword = (api: Api): void => {
  route(
    api,
    {
      method: 'put',
      path: '/users/{user_id}/password',
      operationId: 'updateUserPassword',
      summary:
        'Change one’s own password, for which the old one is needed, or that of somebody else',
      tags: ['user'],
      request: { params: userInPath, body: jsonBody(passwords) },
      responses: {
        200: { description: 'Changed; every session of the user is over' },
        ...errors(400, 401, 403, 404, 413, 415, 422),
      },
    },
    'authenticated',
    async (c) => {
      const { store } = c.get('deps')
      const principal = await principalOf(c)
      const number = userNumberOf(c.req.valid('param').user_id)
      const { old_password: oldPassword = '', new_password: newPassword } = c.req.valid('json')
      // Whoever finds a token must not be able to stay when it is revoked.
      if (principal.kind === 'user' && principal.token !== undefined) {
        throw new DomainError('FORBIDDEN', 'a token changes no passwords; log in with the password')
      }
      if (principal.kind === 'user' && isSelf(principal, number)) {
        const audited = await auditedStore(c, doneTo(principal, 'update', PASSWORD))
        // Who finds an open session must not guess any faster than who logs in.
        await guess(
          store,
          { login: principal.name, address: addressOf(c) },
          async () => await changePassword(audited, number, { oldPassword, newPassword }),
          (error) => error instanceof DomainError && error.code === 'FORBIDDEN',
        )
      } else {
        if (!mayInSystem(principal, 'user:update')) throw denied(principal)
        const user = await otherUser(store, principal, number)
        await resetPassword(
          await auditedStore(c, doneTo(user, 'update', PASSWORD)),
          number,
          newPassword,
        )
      }
      return c.body(null, 200)
    },
  )

  route(
    api,
    {
      method: 'put',
      path: '/users/{user_id}/cli_secret',
      operationId: 'setCliSecret',
      summary: 'Of registries whose users come from elsewhere; here, make a personal access token',
      tags: ['user'],
      request: { params: userInPath },
      responses: errors(401, 403, 412, 422),
    },
    'authenticated',
    () => {
      throw new DomainError(
        'PRECONDITION',
        'users have passwords here, and no CLI secret; make a token by POST /users/current/tokens',
      )
    },
  )
}
