import { z } from '@hono/zod-openapi'
import type { AuditEvent } from '../../../../shared/audit/entry.ts'
import { isNarrowed } from '../../../../shared/auth/access.ts'
import type { Principal } from '../../../../shared/auth/principal.ts'
import { DomainError } from '../../../../shared/errors.ts'
import type { Store } from '../../../../shared/store/store.ts'
import { readUser, unknownUser } from '../../../../shared/users/find.ts'
import { createToken, listTokens, readToken, revokeToken } from '../../../../shared/users/tokens.ts'
import { denied, principalOf } from '../../access.ts'
import { auditedStore } from '../../audit.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { locationOf } from '../../http/created.ts'
import { listPage, listQuery, listRequestOf } from '../../http/listing.ts'
import { errors, json, jsonBody, jsonPage } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import { userInPath, userNumberOf } from './user-json.ts'
import { newToken, shownToken, tokenResponse, tokenWithSecret, TOKEN_FIELDS } from './token-json.ts'

const OWN = '/users/current/tokens'
const OF_USER = '/users/{user_id}/tokens'
const tokenInPath = z.object({ token_id: z.string() })

type User = Extract<Principal, { kind: 'user' }>

/** @throws DomainError FORBIDDEN for who has no tokens, or shows one that is not for this */
const ownerOf = (principal: Principal): User => {
  if (principal.kind !== 'user' || isNarrowed(principal)) throw denied(principal)
  return principal
}

const userOf = async (store: Store, id: number) => {
  const number = userNumberOf(id)
  const user = await readUser(store, number)
  if (user === undefined) throw unknownUser(number)
  return user
}

const doneTo = (operation: 'create' | 'delete', user: string, token: string): AuditEvent => ({
  ...{ operation, resourceType: 'token', resource: `${user}/${token}` },
})

/** Personal access tokens, which Harbor does not have: a user's own, and for administrators those of others. */
export const addUserTokens = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: OWN,
      operationId: 'listOwnTokens',
      summary: 'The personal access tokens of the caller, the newest first',
      tags: ['token'],
      request: { query: listQuery },
      responses: { 200: jsonPage(tokenResponse, 'Tokens'), ...errors(400, 401, 403, 422) },
    },
    'authenticated',
    async (c) => {
      const { number } = ownerOf(await principalOf(c))
      const tokens = await listTokens(c.get('deps').store, number)
      const page = listPage(c, tokens, listRequestOf(c.req.valid('query')), TOKEN_FIELDS)
      return c.json(page.map(shownToken), 200)
    },
  )

  route(
    api,
    {
      method: 'post',
      path: OWN,
      operationId: 'createOwnToken',
      summary: 'Make a personal access token; its secret is shown this once',
      tags: ['token'],
      request: { body: jsonBody(newToken) },
      responses: {
        201: json(tokenWithSecret, 'The token, to be used in place of the password'),
        ...errors(400, 401, 403, 404, 412, 413, 415, 422),
      },
    },
    'authenticated',
    async (c) => {
      const { number, token, name: userName } = ownerOf(await principalOf(c))
      if (token !== undefined) {
        throw new DomainError('FORBIDDEN', 'a token makes no tokens; log in with the password')
      }
      const { name, scope, expires_at: expiresAt } = c.req.valid('json')
      const audited = await auditedStore(c, doneTo('create', userName, name))
      const made = await createToken(audited, number, {
        ...{ name, scope },
        expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt),
      })
      c.header('Location', locationOf(c, { id: made.token.id }))
      return c.json({ ...shownToken(made.token), secret: made.text }, 201)
    },
  )

  route(
    api,
    {
      method: 'delete',
      path: `${OWN}/{token_id}`,
      operationId: 'deleteOwnToken',
      summary: 'Make a token of the caller worthless',
      tags: ['token'],
      request: { params: tokenInPath },
      responses: { 200: { description: 'Revoked' }, ...errors(401, 403, 404) },
    },
    'authenticated',
    async (c) => {
      const { number, name } = ownerOf(await principalOf(c))
      const { token_id: id } = c.req.valid('param')
      await revoke(c, { number, name }, id)
      return c.body(null, 200)
    },
  )

  addTokensOfOthers(api)
}

const revoke = async (
  c: ApiContext,
  { name, number }: Pick<User, 'name' | 'number'>,
  id: string,
): Promise<void> => {
  const token = await readToken(c.get('deps').store, number, id)
  await revokeToken(await auditedStore(c, doneTo('delete', name, token.name)), number, id)
}

const addTokensOfOthers = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: OF_USER,
      operationId: 'listTokensOfUser',
      summary: 'The personal access tokens of a user, the newest first',
      tags: ['token'],
      request: { params: userInPath, query: listQuery },
      responses: { 200: jsonPage(tokenResponse, 'Tokens'), ...errors(400, 401, 403, 404, 422) },
    },
    { system: 'user:read' },
    async (c) => {
      const { store } = c.get('deps')
      const { number } = await userOf(store, c.req.valid('param').user_id)
      const tokens = await listTokens(store, number)
      const page = listPage(c, tokens, listRequestOf(c.req.valid('query')), TOKEN_FIELDS)
      return c.json(page.map(shownToken), 200)
    },
  )

  route(
    api,
    {
      method: 'delete',
      path: OF_USER,
      operationId: 'deleteTokensOfUser',
      summary: 'Make all tokens of a user worthless',
      tags: ['token'],
      request: { params: userInPath },
      responses: { 200: { description: 'Revoked' }, ...errors(401, 403, 404, 422) },
    },
    { system: 'user:update' },
    async (c) => {
      const { store } = c.get('deps')
      const { number, name } = await userOf(store, c.req.valid('param').user_id)
      for (const { id, name: token } of await listTokens(store, number)) {
        await revokeToken(await auditedStore(c, doneTo('delete', name, token)), number, id)
      }
      return c.body(null, 200)
    },
  )

  route(
    api,
    {
      method: 'delete',
      path: `${OF_USER}/{token_id}`,
      operationId: 'deleteTokenOfUser',
      summary: 'Make a token of a user worthless',
      tags: ['token'],
      request: { params: userInPath.extend(tokenInPath.shape) },
      responses: { 200: { description: 'Revoked' }, ...errors(401, 403, 404, 422) },
    },
    { system: 'user:update' },
    async (c) => {
      const { user_id: user, token_id: id } = c.req.valid('param')
      const { number, name } = await userOf(c.get('deps').store, user)
      await revoke(c, { number, name }, id)
      return c.body(null, 200)
    },
  )
}
