import { z } from '@hono/zod-openapi'
import type { Label } from '../../../../shared/labels/label.ts'
import { iso } from '../../http/time.ts'

export const labelJson = z
  .object({
    id: z.int(),
    name: z.string(),
    description: z.string(),
    color: z.string(),
    scope: z.enum(['g', 'p']).openapi({ description: 'g: of the registry; p: of a project' }),
    project_id: z.int().openapi({ description: '0 for those of the registry' }),
    creation_time: z.string(),
    update_time: z.string(),
  })
  .openapi('Label')

export const toLabelJson = (label: Label): z.output<typeof labelJson> => ({
  id: label.number,
  name: label.name,
  description: label.description,
  color: label.color,
  scope: label.scope === 'system' ? 'g' : 'p',
  project_id: label.projectNumber,
  creation_time: iso(label.createdAt),
  update_time: iso(label.updatedAt),
})
