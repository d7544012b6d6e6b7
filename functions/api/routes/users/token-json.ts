/** Personal access tokens as this API writes them. */
import { z } from '@hono/zod-openapi'
import type { UserToken } from '../../../../shared/users/tokens.ts'
import type { Fields } from '../../http/query-match.ts'
import { iso } from '../../http/time.ts'

/** More than there are permissions. */
const MOST_PERMISSIONS = 200

const scope = z
  .union([z.literal('all'), z.array(z.string()).max(MOST_PERMISSIONS)])
  .openapi({ description: 'all that the user may, or project permissions: repository:pull' })

export const newToken = z
  .object({
    name: z.string(),
    scope: scope.default('all'),
    expires_at: z.iso.datetime({ offset: true }).optional().openapi({
      description: 'Absent: the token is good until it is revoked',
    }),
  })
  .openapi('TokenCreationReq')

export const tokenResponse = z
  .object({
    id: z.string(),
    name: z.string(),
    scope,
    creation_time: z.iso.datetime(),
    expires_at: z.iso.datetime().optional(),
    last_used_time: z.iso.datetime().optional().openapi({ description: 'To the hour' }),
  })
  .openapi('TokenResp')

export const tokenWithSecret = tokenResponse.extend({ secret: z.string() }).openapi('TokenCreated')

export const shownToken = (token: UserToken): z.infer<typeof tokenResponse> => ({
  id: token.id,
  name: token.name,
  scope: token.scope === 'all' ? token.scope : [...token.scope],
  creation_time: iso(token.createdAt),
  ...(token.expiresAt === undefined ? {} : { expires_at: iso(token.expiresAt) }),
  ...(token.lastUsedAt === undefined ? {} : { last_used_time: iso(token.lastUsedAt) }),
})

const time = (at: number | undefined): Date | undefined =>
  at === undefined ? undefined : new Date(at)

export const TOKEN_FIELDS: Fields<UserToken> = {
  id: ({ id }) => id,
  name: ({ name }) => name,
  scope: ({ scope: given }) => given,
  creation_time: ({ createdAt }) => time(createdAt),
  expires_at: ({ expiresAt }) => time(expiresAt),
  last_used_time: ({ lastUsedAt }) => time(lastUsedAt),
}
