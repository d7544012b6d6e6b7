import { z } from '@hono/zod-openapi'
import {
  EVERY_PROJECT_PERMISSION,
  EVERY_SYSTEM_PERMISSION,
  partsOf,
} from '../../../../shared/auth/permissions.ts'
import { principalOf } from '../../access.ts'
import type { Api } from '../../factory.ts'
import { errors, json } from '../../http/schemas.ts'
import { route } from '../../route.ts'

export const permission = z
  .object({ resource: z.string(), action: z.string() })
  .openapi('Permission')
const permissions = z
  .object({ system: z.array(permission), project: z.array(permission) })
  .openapi('Permissions')

const SYSTEM = EVERY_SYSTEM_PERMISSION.map(partsOf)
const PROJECT = EVERY_PROJECT_PERMISSION.map(partsOf)

/** What may be granted to robots. */
export const addPermissions = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: '/permissions',
      operationId: 'getPermissions',
      summary: 'The permissions that the caller may choose from for a robot',
      tags: ['permissions'],
      responses: { 200: json(permissions, 'The permissions'), ...errors(401) },
    },
    'authenticated',
    async (c) => {
      const principal = await principalOf(c)
      const seesSystem = principal.kind === 'user' && principal.isSysadmin
      return c.json({ system: seesSystem ? SYSTEM : [], project: PROJECT }, 200)
    },
  )
}
