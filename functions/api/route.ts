import type { RouteConfig } from '@hono/zod-openapi'
import { enforce, rememberRule, type Access } from './access.ts'
import type { Api } from './factory.ts'
import { refuseWhenReadOnly } from './read-only.ts'

declare const _anyApi: Api
type HandlerOf<R extends RouteConfig> = Parameters<typeof _anyApi.openapi<R>>[1]

const READS: readonly string[] = ['get', 'head']

/**
 * Adds a route: what it takes and answers, who may use it, and what it does. The rule is asked before anything of the
 * request is read. There is no other way in: what is registered without it is refused. What changes something is refused
 * to everybody while the registry is read only, but for `always`.
 */
export const route = <R extends RouteConfig>(
  api: Api,
  definition: R,
  access: Access,
  handler: HandlerOf<R>,
  when: 'always' | 'unless read only' = 'unless read only',
): void => {
  const before = api.routes.length
  const path = definition.path.replaceAll(/\{([^/}]+)\}/g, ':$1')
  if (typeof access === 'object' && 'project' in access && !path.includes(':project_name_or_id')) {
    throw new Error(`a rule about a project, but no project in the path: ${path}`)
  }
  api.on(definition.method, path, enforce(access))
  if (when !== 'always' && !READS.includes(definition.method)) {
    api.on(definition.method, path, refuseWhenReadOnly)
  }
  api.openapi(definition, handler)
  rememberRule(api.routes.slice(before), access)
}
