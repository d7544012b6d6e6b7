import { changeSettings } from '../../../../shared/settings/change.ts'
import { readSettingsNow } from '../../../../shared/settings/read.ts'
import { auditedStore } from '../../audit.ts'
import type { Api } from '../../factory.ts'
import { errors, json, jsonBody } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import {
  configurations,
  configurationsResponse,
  toConfigurations,
  toSettingsChange,
} from './configurations-json.ts'

const updated = {
  operation: 'update',
  resourceType: 'configuration',
  resource: 'configurations',
} as const

/** The settings of the whole registry. */
export const addConfigurations = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: '/configurations',
      operationId: 'getConfigurations',
      summary: 'The settings, and which of them can be changed',
      tags: ['configure'],
      responses: { 200: json(configurationsResponse, 'The settings'), ...errors(401, 403) },
    },
    'administrators',
    async (c) => c.json(toConfigurations(await readSettingsNow(c.get('deps').store)), 200),
  )

  route(
    api,
    {
      method: 'put',
      path: '/configurations',
      operationId: 'updateConfigurations',
      summary: 'Change settings; those not named stay as they are',
      tags: ['configure'],
      request: { body: jsonBody(configurations) },
      responses: {
        200: { description: 'Changed' },
        ...errors(400, 401, 403, 413, 415, 422),
      },
    },
    'administrators',
    async (c) => {
      const body = c.req.valid('json')
      const description = Object.keys(body).join(', ')
      const event = { ...updated, description }
      await changeSettings(await auditedStore(c, event), toSettingsChange(body))
      return c.body(null, 200)
    },
    // Or nobody could make it other than read only again.
    'always',
  )
}
