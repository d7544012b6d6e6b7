import { z } from '@hono/zod-openapi'
import { readStatistics } from '../../../../shared/statistics/statistics.ts'
import { principalOf } from '../../access.ts'
import type { Api } from '../../factory.ts'
import { errors, json } from '../../http/schemas.ts'
import { route } from '../../route.ts'

const statistic = z
  .object({
    private_project_count: z.int(),
    private_repo_count: z.int(),
    public_project_count: z.int(),
    public_repo_count: z.int(),
    total_project_count: z.int().optional(),
    total_repo_count: z.int().optional(),
    total_storage_consumption: z.int().optional(),
  })
  .openapi('Statistic')

/** How much there is. */
export const addStatistics = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: '/statistics',
      operationId: 'getStatistic',
      summary: 'How much there is; of what is private, to members what is theirs',
      description: 'Sums over many projects are at most a minute old.',
      tags: ['statistic'],
      responses: { 200: json(statistic, 'The sums'), ...errors(401) },
    },
    'authenticated',
    async (c) => {
      const { store } = c.get('deps')
      const { open, closed, all } = await readStatistics(store, await principalOf(c))
      return c.json(
        {
          private_project_count: closed.projects,
          private_repo_count: closed.repositories,
          public_project_count: open.projects,
          public_repo_count: open.repositories,
          ...(all === undefined
            ? {}
            : {
                total_project_count: all.projects,
                total_repo_count: all.repositories,
                total_storage_consumption: all.storedBytes,
              }),
        },
        200,
      )
    },
  )
}
