import { z } from '@hono/zod-openapi'
import { mayInProject, mayInSystem } from '../../../../shared/auth/access.ts'
import {
  EVERY_PROJECT_PERMISSION,
  EVERY_SYSTEM_PERMISSION,
  partsOf,
} from '../../../../shared/auth/permissions.ts'
import type { Principal } from '../../../../shared/auth/principal.ts'
import { DomainError } from '../../../../shared/errors.ts'
import { readUser, unknownUser } from '../../../../shared/users/find.ts'
import { principalOf } from '../../access.ts'
import type { ProvidedDeps } from '../../deps.ts'
import type { Api } from '../../factory.ts'
import { errors, flag, json } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import { permission } from '../system/permissions.ts'
import { shownUser, userResponse } from './user-json.ts'

const SCOPE_OF_PROJECT = /^\/project\/([^/]{1,255})\/?$/
const SCOPE_OF_SYSTEM = /^\/system\/?$/
const LONGEST_SCOPE = 512

/** Whoever asks. */
export const addCurrentUser = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: '/users/current',
      operationId: 'getCurrentUserInfo',
      summary: 'The user who asks; robots are none',
      tags: ['user'],
      responses: { 200: json(userResponse, 'The user'), ...errors(401, 404, 412) },
    },
    'authenticated',
    async (c) => {
      const principal = await principalOf(c)
      if (principal.kind !== 'user') {
        throw new DomainError('PRECONDITION', 'a robot is no user; ask GET /robots about it')
      }
      const user = await readUser(c.get('deps').store, principal.number)
      if (user === undefined) throw unknownUser(principal.number)
      return c.json(shownUser(user), 200)
    },
  )

  route(
    api,
    {
      method: 'get',
      path: '/users/current/permissions',
      operationId: 'getCurrentUserPermissions',
      summary: 'What the caller may in a scope: /project/<id> or /system',
      tags: ['user'],
      request: {
        query: z.object({
          scope: z.string().max(LONGEST_SCOPE).optional(),
          relative: flag(false),
        }),
      },
      responses: { 200: json(z.array(permission), 'The permissions'), ...errors(400, 401, 422) },
    },
    'authenticated',
    async (c) => {
      const { scope = '', relative } = c.req.valid('query')
      const principal = await principalOf(c)
      const base = scope.replace(/\/$/, '')
      const found = await permissionsIn(c.get('deps'), principal, scope)
      const shown = found.map(({ resource, action }) => ({
        resource: relative ? resource : resource === ITSELF ? base : `${base}/${resource}`,
        action,
      }))
      return c.json(shown, 200)
    },
  )
}

/** How Harbor names, from within, the project that permissions are about. */
const ITSELF = '.'

const permissionsIn = async (
  { resolveProject }: ProvidedDeps,
  principal: Principal,
  scope: string,
): Promise<readonly z.infer<typeof permission>[]> => {
  if (SCOPE_OF_SYSTEM.test(scope)) {
    return EVERY_SYSTEM_PERMISSION.filter((one) => mayInSystem(principal, one)).map(partsOf)
  }
  const [, project] = SCOPE_OF_PROJECT.exec(scope) ?? []
  const found = project === undefined ? undefined : await resolveProject(principal, project, false)
  // An unknown project is one in which nothing is allowed.
  if (found === undefined) return []
  return EVERY_PROJECT_PERMISSION.filter((one) => mayInProject(principal, one, found.facts))
    .map(partsOf)
    .map(({ resource, action }) => ({
      resource: resource === 'project' ? ITSELF : resource,
      action,
    }))
}
