import type { ApiDeps, ProvidedDeps } from './deps.ts'
import { factory } from './factory.ts'
import { settingsOf } from './settings.ts'

export const REQUEST_ID = 'X-Request-Id'

/** Of a caller: short, and nothing that could be more than a word in a log. */
const SANE_ID = /^[\x21-\x7e]{1,128}$/

/** Gives every handler what the API is made of, and every request an id: the caller's own when it is sane. */
export const provide = (given: ApiDeps) => {
  const deps: ProvidedDeps = { ...given, settings: given.settings ?? settingsOf(given.store) }
  return factory.createMiddleware(async (c, next) => {
    const given = c.req.header(REQUEST_ID)
    const id =
      (given !== undefined && SANE_ID.test(given) ? given : undefined) ??
      // Absent under app.request(), whatever the type says.
      (c.env as typeof c.env | undefined)?.requestId ??
      deps.store.ids.next()
    c.set('deps', deps)
    c.set('requestId', id)
    await next()
    c.res.headers.set(REQUEST_ID, id)
    c.res.headers.set('X-Content-Type-Options', 'nosniff')
  })
}
