import { z } from '@hono/zod-openapi'
import type { Api } from '../../factory.ts'
import { ApiError } from '../../http/errors.ts'
import { errors, json } from '../../http/schemas.ts'
import { route } from '../../route.ts'

const tags = ['systeminfo']

const volumes = z
  .object({ storage: z.array(z.object({ total: z.int(), free: z.int() })) })
  .openapi('SystemInfo')

/** What the registry is kept on. */
export const addVolumes = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: '/systeminfo/volumes',
      operationId: 'getVolumes',
      summary: 'The disks that the registry is kept on, in bytes; none where storage has no end',
      tags,
      responses: { 200: json(volumes, 'The disks'), ...errors(401, 403) },
    },
    { system: 'system-volumes:read' },
    async (c) => {
      const found = (await c.get('deps').volumes?.()) ?? []
      const storage = found.map(({ totalBytes, freeBytes }) => ({
        total: totalBytes,
        free: freeBytes,
      }))
      return c.json({ storage }, 200)
    },
  )

  route(
    api,
    {
      method: 'get',
      path: '/systeminfo/getcert',
      operationId: 'getCert',
      summary: 'A certificate to trust: there is none to be had here',
      tags,
      responses: errors(404),
    },
    'everyone',
    () => {
      throw new ApiError('NOT_FOUND', 'no certificate can be downloaded here')
    },
  )
}
