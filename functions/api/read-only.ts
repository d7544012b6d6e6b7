import type { MiddlewareHandler } from 'hono'
import { factory, type ApiEnv } from './factory.ts'
import { ApiError } from './http/errors.ts'

/** Refuses what would change something while administrators let nothing be changed; Harbor's code and sentence. */
export const refuseWhenReadOnly: MiddlewareHandler<ApiEnv> = factory.createMiddleware(
  async (c, next) => {
    const { isReadOnly } = await c.get('deps').settings()
    if (isReadOnly) {
      throw new ApiError(
        'DENIED',
        'The system is in read only mode. Any modification is prohibited.',
      )
    }
    await next()
  },
)
