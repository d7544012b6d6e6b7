import { z } from '@hono/zod-openapi'
import { mayInSystem } from '../../../../shared/auth/access.ts'
import { DomainError } from '../../../../shared/errors.ts'
import type { LogIn } from '../../../../shared/identity/log-in.ts'
import { endSession, openSession } from '../../../../shared/sessions/sessions.ts'
import { findUserByName, isMailTaken } from '../../../../shared/users/find.ts'
import { addressOf, principalOf } from '../../access.ts'
import { auditedStore } from '../../audit.ts'
import type { Api } from '../../factory.ts'
import { errors, json } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import {
  CSRF_TOKEN,
  csrfTokenOf,
  isFromHere,
  sessionCookie,
  sessionIdOf,
} from '../../session-cookie.ts'

const form = <S extends z.ZodType>(schema: S) => ({
  required: true as const,
  content: { 'application/x-www-form-urlencoded': { schema } },
})
const credentials = z.object({ principal: z.string(), password: z.string() })
const wanted = z.object({ target: z.enum(['username', 'email']), value: z.string() })

const LOGIN = { operation: 'login', resourceType: 'user' } as const
const LOGOUT = { operation: 'logout', resourceType: 'user' } as const

/** Where browsers log in and out, as Harbor has it beside its API. */
export const addSessions = (api: Api, logIn: LogIn): void => {
  route(
    api,
    {
      method: 'post',
      path: '/login',
      summary: 'Open a session; its cookie comes with the answer',
      request: { body: form(credentials) },
      responses: { 200: { description: 'Logged in' }, ...errors(400, 401, 403, 413, 415, 422) },
    },
    'everyone',
    async (c) => {
      const { store, info } = c.get('deps')
      if (!isFromHere(c, info))
        throw new DomainError('FORBIDDEN', 'log in from a page of this site')
      const { principal: name, password } = c.req.valid('form')
      const login = { name, password, address: addressOf(c), isLoggedElsewhere: true }
      const identity = await logIn(login)
      if (identity === undefined) throw wrong()
      const { principal, tokenId } = identity
      // A session may do more than a token, and lasts when that is revoked.
      if (principal.kind !== 'user' || tokenId !== undefined) {
        throw new DomainError('FORBIDDEN', 'robots and tokens open no sessions')
      }
      // From here on it is known who asks.
      c.set('principal', Promise.resolve(principal))
      const audited = await auditedStore(c, { ...LOGIN, resource: principal.name })
      const id = await openSession(audited, principal.number, password)
      if (id === undefined) throw wrong()
      const before = sessionIdOf(c.req.raw.headers)
      if (before !== undefined) await endSession(store, before)
      c.header('Set-Cookie', sessionCookie(c, id))
      c.header(CSRF_TOKEN, csrfTokenOf(id))
      return c.body(null, 200)
    },
    'always',
  )

  route(
    api,
    {
      method: 'get',
      path: '/log_out',
      summary: 'End the session of the caller, if there is one',
      responses: { 200: { description: 'Logged out' }, ...errors(401) },
    },
    { handler: 'who has no session has none to end' },
    async (c) => {
      const id = sessionIdOf(c.req.raw.headers)
      const principal = await principalOf(c)
      if (id !== undefined && principal.kind === 'user') {
        await endSession(await auditedStore(c, { ...LOGOUT, resource: principal.name }), id)
      }
      c.header('Set-Cookie', sessionCookie(c, undefined))
      return c.body(null, 200)
    },
  )

  route(
    api,
    {
      method: 'post',
      path: '/userExists',
      summary: 'Whether a name or a mail address is taken, for whoever is about to register',
      request: { body: form(wanted) },
      responses: {
        200: json(z.boolean(), 'Whether it is'),
        ...errors(400, 401, 403, 412, 413, 415, 422),
      },
    },
    { handler: 'the settings may allow everybody to register, and then to ask' },
    async (c) => {
      const { store, settings } = c.get('deps')
      const { target, value } = c.req.valid('form')
      const isAllowed =
        mayInSystem(await principalOf(c), 'user:create') || (await settings()).hasSelfRegistration
      if (!isAllowed) {
        throw new DomainError('PRECONDITION', 'accounts are made by administrators here')
      }
      const isTaken =
        target === 'email'
          ? await isMailTaken(store, value)
          : (await findUserByName(store, value)) !== undefined
      return c.json(isTaken, 200)
    },
    'always',
  )
}

const wrong = (): DomainError =>
  new DomainError('UNAUTHORIZED', 'wrong name or password, or too many attempts')
