import type { RouteConfig } from '@hono/zod-openapi'
import { enforce, rememberRule, type Access } from './access.ts'
import type { Api } from './factory.ts'

declare const _anyApi: Api
type HandlerOf<R extends RouteConfig> = Parameters<typeof _anyApi.openapi<R>>[1]

/**
 * Adds a route: what it takes and answers, who may use it, and what it does. The rule is asked before anything of the
 * request is read. There is no other way in: what is registered without it is refused.
 */
export const route = <R extends RouteConfig>(
  api: Api,
  definition: R,
  access: Access,
  handler: HandlerOf<R>,
): void => {
  const before = api.routes.length
  const path = definition.path.replaceAll(/\{([^/}]+)\}/g, ':$1')
  if (typeof access === 'object' && 'project' in access && !path.includes(':project_name_or_id')) {
    throw new Error(`a rule about a project, but no project in the path: ${path}`)
  }
  api.on(definition.method, path, enforce(access))
  api.openapi(definition, handler)
  rememberRule(api.routes.slice(before), access)
}
