/**
 * What a browser shows: its session in a cookie, which goes along with every request, whoever made it be sent; and for
 * those that change something a token, which only scripts of this origin get to read. The token is made of the session's
 * id and good for that session alone, so there is nothing to be stored and no second cookie to be planted.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { parse, serialize } from 'hono/utils/cookie'
import { parseSessionId, type SessionId } from '../../shared/sessions/sessions.ts'
import type { ProvidedDeps } from './deps.ts'
import { factory, type ApiContext, type ApiEnv } from './factory.ts'

/** Harbor's names. */
export const CSRF_TOKEN = 'X-Harbor-CSRF-Token'
const COOKIE = 'sid'
const CHANGES_NOTHING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/** The session that a request comes with, be it over or not; `undefined`: none. */
export const sessionIdOf = (headers: Headers): SessionId | undefined => {
  const cookies = headers.get('Cookie')
  const value = cookies === null ? undefined : parse(cookies, COOKIE)[COOKIE]
  return value === undefined ? undefined : parseSessionId(value)
}

/** Whether a request with this session is from a page of ours, or changes nothing. */
export const isIntended = (id: SessionId, method: string, headers: Headers): boolean => {
  if (CHANGES_NOTHING.has(method)) return true
  const given = Buffer.from(headers.get(CSRF_TOKEN) ?? '')
  const expected = Buffer.from(csrfTokenOf(id))
  return given.length === expected.length && timingSafeEqual(given, expected)
}

export const csrfTokenOf = (id: SessionId): string =>
  createHmac('sha256', id).update('csrf').digest('base64url')

/** Gives pages what they have to send along later; it is of use to nobody who has not the cookie besides. */
export const showCsrfToken: MiddlewareHandler<ApiEnv> = factory.createMiddleware(
  async (c, next) => {
    await next()
    const id = CHANGES_NOTHING.has(c.req.method) ? sessionIdOf(c.req.raw.headers) : undefined
    if (id === undefined) return
    c.res.headers.set(CSRF_TOKEN, csrfTokenOf(id))
    if (!c.res.headers.has('Cache-Control')) c.res.headers.set('Cache-Control', 'no-store')
  },
)

/** The cookie of a session; `undefined`: takes it away. It ends with the browser, and at the latest with the session. */
export const sessionCookie = (c: ApiContext, id: SessionId | undefined): string =>
  serialize(COOKIE, id ?? '', {
    path: '/',
    httpOnly: true,
    sameSite: 'Lax',
    secure: isSecure(c),
    ...(id === undefined ? { maxAge: 0 } : {}),
  })

/** Who claims wrongly to have come by https gets a cookie that it cannot use, and hurts nobody else. */
const isSecure = (c: ApiContext): boolean =>
  new URL(c.req.url).protocol === 'https:' ||
  c.req.header('X-Forwarded-Proto')?.split(',')[0]?.trim().toLowerCase() === 'https'

/**
 * Whether a request that opens a session is from a page of ours, or from no page: otherwise another site could log
 * somebody in as somebody else.
 */
export const isFromHere = (c: ApiContext, { externalUrl }: ProvidedDeps['info']): boolean => {
  const site = c.req.header('Sec-Fetch-Site')
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const origin = c.req.header('Origin')
  if (origin === undefined) return true
  const hosts = [c.req.url, ...(externalUrl === undefined ? [] : [externalUrl])]
  // By hosts and not by origins: behind a proxy this end does not know by which scheme the other came.
  return URL.canParse(origin) && hosts.some((url) => new URL(url).host === new URL(origin).host)
}
