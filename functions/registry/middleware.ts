import { parseRepositoryName } from '../../shared/oci/name.ts'
import type { Deps } from './deps.ts'
import { factory } from './factory.ts'
import { REQUEST_ID } from './http/headers.ts'

/** Gives every handler what the registry is made of, and every request an id. */
export const provide = (deps: Deps) =>
  factory.createMiddleware(async (c, next) => {
    const id =
      // Absent under app.request(), whatever the type says.
      (c.env as typeof c.env | undefined)?.requestId ?? deps.context.store.ids.next()
    c.set('deps', deps)
    c.set('requestId', id)
    await next()
    c.res.headers.set(REQUEST_ID, id)
  })

/** Reads `:name` once, so that no handler sees an unchecked repository name. */
export const repository = factory.createMiddleware(async (c, next) => {
  c.set('repository', parseRepositoryName(c.req.param('name') ?? ''))
  await next()
})
