import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { createFactory } from 'hono/factory'
import type { Principal } from '../../shared/auth/principal.ts'
import type { Bindings } from '../registry/http/bindings.ts'
import type { ProvidedDeps, ResolvedProject } from './deps.ts'
import { invalidRequest } from './http/invalid.ts'

export type ApiEnv = {
  /** Given by the server or by the Lambda adapter; absent under `app.request()`. */
  Bindings: Bindings
  Variables: {
    deps: ProvidedDeps
    requestId: string
    /** Once for all who ask in this request; read by `principalOf`. */
    principal: Promise<Principal> | undefined
    /** Set by a rule about a project; read by `projectOf`. */
    project: ResolvedProject | undefined
  }
}

/** What routes are added to, by `route` and by nothing else. */
export type Api = OpenAPIHono<ApiEnv>
/** What helpers need of a request, whatever its path and its schemas are. */
export type ApiContext = Pick<Context<ApiEnv>, 'env' | 'get' | 'set' | 'req' | 'header' | 'body'>

export const factory = createFactory<ApiEnv>()

/** An app whose schemas answer what they refuse in Harbor's way. */
export const newApi = (): Api =>
  new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.target, result.error)
    },
  })
