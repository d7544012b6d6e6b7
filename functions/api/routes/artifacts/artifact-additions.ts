import { z } from '@hono/zod-openapi'
import { listChartFiles, readChartFile } from '../../../../shared/artifacts/chart.ts'
import { readBuildHistory, readExtraAttributes } from '../../../../shared/artifacts/config.ts'
import type { ArtifactEntry } from '../../../../shared/artifacts/entries.ts'
import { additionsOf, typeOf } from '../../../../shared/artifacts/type.ts'
import { DomainError } from '../../../../shared/errors.ts'
import type { RegistryContext } from '../../../../shared/registry/context.ts'
import type { ListedRepository } from '../../../../shared/repositories/items.ts'
import type { Api } from '../../factory.ts'
import { errors } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import { ARTIFACT, artifactOf, ofArtifact } from './artifact-request.ts'

const ofAddition = {
  ...ofArtifact,
  params: ofArtifact.params.extend({
    addition: z.string().openapi({
      description:
        'build_history of an image; readme.md, values.yaml, dependencies, files of a chart',
    }),
  }),
} as const

const JSON_TYPE = 'application/json; charset=utf-8'

type Addition = { readonly type: string; readonly content: string | Uint8Array }
type Read = (
  context: RegistryContext,
  repository: ListedRepository,
  entry: ArtifactEntry,
) => Promise<Addition>

const json = (value: unknown): Addition => ({ type: JSON_TYPE, content: JSON.stringify(value) })

const ADDITIONS: Readonly<Record<string, Read>> = {
  build_history: async (...of) => json(await readBuildHistory(...of)),
  'readme.md': async (...of) => ({
    type: 'text/markdown; charset=utf-8',
    content: await readChartFile(...of, 'readme.md'),
  }),
  'values.yaml': async (...of) => ({
    type: 'text/plain; charset=utf-8',
    content: await readChartFile(...of, 'values.yaml'),
  }),
  dependencies: async (...of) => json((await readExtraAttributes(...of))['dependencies'] ?? []),
  files: async (...of) =>
    json((await listChartFiles(...of)).map(({ name, sizeBytes }) => ({ name, size: sizeBytes }))),
}

/** What more can be told of artifacts of some types. */
export const addArtifactAdditions = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: `${ARTIFACT}/additions/{addition}`,
      operationId: 'getAddition',
      summary: 'Something more about an artifact, by its type',
      tags: ['artifact'],
      request: ofAddition,
      responses: {
        200: {
          description: 'The addition, in whatever form it has',
          content: {
            'application/json': { schema: z.unknown() },
            'text/markdown': { schema: z.string() },
            'text/plain': { schema: z.string() },
          },
        },
        ...errors(400, 401, 403, 404),
      },
    },
    { project: 'artifact-addition:read' },
    async (c) => {
      const { addition } = c.req.valid('param')
      const { repository, entry } = await artifactOf(c)
      const type = typeOf(entry)
      const read = additionsOf(type, entry).includes(addition) ? ADDITIONS[addition] : undefined
      if (read === undefined) {
        throw new DomainError('BAD_REQUEST', `${type} artifacts have no addition ${addition}`)
      }
      const answer = await read(c.get('deps').registry, repository, entry)
      return new Response(answer.content, { headers: { 'Content-Type': answer.type } })
    },
  )
}
