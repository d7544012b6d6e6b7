import { z } from '@hono/zod-openapi'
import { principalOf } from '../../access.ts'
import type { Api } from '../../factory.ts'
import { errors, json } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import { readHealth } from './health.ts'
import { systemInfo } from './system-info.ts'

const overallHealth = z
  .object({
    status: z.string(),
    components: z.array(
      z.object({ name: z.string(), status: z.string(), error: z.string().optional() }),
    ),
  })
  .openapi('OverallHealthStatus')

const generalInfo = z
  .object({
    auth_mode: z.string(),
    primary_auth_mode: z.boolean(),
    self_registration: z.boolean(),
    banner_message: z.string().optional(),
    current_time: z.iso.datetime().optional(),
    registry_url: z.string().optional(),
    external_url: z.string().optional(),
    project_creation_restriction: z.enum(['everyone', 'adminonly']).optional(),
    has_ca_root: z.boolean().optional(),
    harbor_version: z.string().optional(),
    registry_storage_provider_name: z.enum(['filesystem', 's3']).optional(),
    read_only: z.boolean().optional(),
    notification_enable: z.boolean().optional(),
  })
  .openapi('GeneralInfo')

/** What is asked of the registry itself. */
export const addSystem = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: '/ping',
      operationId: 'getPing',
      summary: 'Whether the API answers, whatever it depends on',
      tags: ['ping'],
      responses: {
        200: { description: 'It does', content: { 'text/plain': { schema: z.string() } } },
      },
    },
    'everyone',
    (c) => c.text('Pong', 200),
  )

  route(
    api,
    {
      method: 'get',
      path: '/health',
      operationId: 'getHealth',
      summary: 'How the components of the registry are',
      tags: ['health'],
      responses: { 200: json(overallHealth, 'Healthy when every component is') },
    },
    'everyone',
    // 200 in either case, as Harbor has it: the status is in the body.
    async (c) => c.json(await readHealth(c.get('deps'), c.get('requestId')), 200),
  )

  route(
    api,
    {
      method: 'get',
      path: '/systeminfo',
      operationId: 'getSystemInfo',
      summary: 'What kind of registry this is; anonymous callers learn less',
      tags: ['systeminfo'],
      responses: { 200: json(generalInfo, 'The information'), ...errors(401) },
    },
    { handler: 'anonymous callers are answered, but with fewer fields' },
    async (c) => {
      const { kind } = await principalOf(c)
      return c.json(await systemInfo(c.get('deps'), new URL(c.req.url), kind !== 'anonymous'), 200)
    },
  )
}
