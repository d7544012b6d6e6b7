import { readAccessories, type Accessory } from '../../../../shared/artifacts/accessories.ts'
import { artifactNumber } from '../../../../shared/artifacts/describe.ts'
import type { Api } from '../../factory.ts'
import { listPage, listQuery, listRequestOf } from '../../http/listing.ts'
import type { Fields } from '../../http/query-match.ts'
import { errors, jsonPage } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import { accessoryJson, toAccessoryJson } from './artifact-json.ts'
import { ARTIFACT, artifactOf, ofArtifact } from './artifact-request.ts'

const FIELDS: Fields<Accessory> = {
  id: ({ number }) => number,
  digest: ({ digest }) => digest,
  type: ({ type }) => type,
  size: ({ totalBytes }) => totalBytes,
  creation_time: ({ createdAt }) => new Date(createdAt),
}

/** What is about an artifact. */
export const addArtifactAccessories = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: `${ARTIFACT}/accessories`,
      operationId: 'listAccessories',
      summary: 'Signatures, SBOMs and whatever else is about an artifact, the oldest first',
      tags: ['artifact'],
      request: { ...ofArtifact, query: listQuery },
      responses: {
        200: jsonPage(accessoryJson, 'The accessories'),
        ...errors(400, 401, 403, 404, 422),
      },
    },
    { project: 'accessory:list' },
    async (c) => {
      const { repository, entry } = await artifactOf(c)
      const { digest } = entry
      const all = await readAccessories(c.get('deps').store, repository.rid, digest)
      const page = listPage(c, all, listRequestOf(c.req.valid('query')), FIELDS)
      const number = artifactNumber(repository.rid, digest)
      return c.json(page.map(toAccessoryJson({ number, digest, repository })), 200)
    },
  )
}
