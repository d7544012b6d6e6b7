import type { Hono } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { RegistryError } from '../../shared/oci/errors.ts'
import { canLogIn } from './access.ts'
import type { Deps } from './deps.ts'
import { factory, type RegistryEnv } from './factory.ts'
import { errorAnswer, toResponse } from './http/answer.ts'
import { isOurs, toRegistryError } from './http/errors.ts'
import { API_VERSION } from './http/headers.ts'
import { provide } from './middleware.ts'
import { blobs } from './routes/blobs.ts'
import { directUploads } from './routes/direct-uploads.ts'
import { lists } from './routes/lists.ts'
import { manifests } from './routes/manifests.ts'
import { tokens } from './routes/tokens.ts'
import { uploads } from './routes/uploads.ts'

/** The OCI distribution API as a value: `createApp(deps).request('/v2/')` answers without any server. */
export const createApp = (deps: Deps): Hono<RegistryEnv> => {
  const app = factory.createApp()
  app.use(provide(deps))
  app.use(async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(API_VERSION)) c.res.headers.set(name, value)
  })
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (_c, methods) =>
        toResponse(
          errorAnswer(new RegistryError('UNSUPPORTED', { headers: { Allow: methods.join(', ') } })),
        ),
    }),
  )
  // end-1: GET /v2/
  app.on('GET', ['/v2', '/v2/'], canLogIn, (c) => c.json({}))
  app.route('/', tokens)
  app.route('/', lists)
  // Before blobs: "uploads" would be read as a digest.
  app.route('/', uploads)
  app.route('/', blobs)
  app.route('/', directUploads)
  app.route('/', manifests)
  app.notFound(() =>
    toResponse(
      errorAnswer(
        new RegistryError('UNSUPPORTED', { status: 404, message: 'there is no such endpoint' }),
      ),
    ),
  )
  app.onError((error, c) => {
    const requestId = c.get('requestId')
    if (isOurs(error)) deps.reportError(error, requestId)
    return toResponse(errorAnswer(toRegistryError(error, requestId)))
  })
  return app
}
