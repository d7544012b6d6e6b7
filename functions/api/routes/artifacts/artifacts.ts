import { z } from '@hono/zod-openapi'
import { readAccessories } from '../../../../shared/artifacts/accessories.ts'
import { readExtraAttributes } from '../../../../shared/artifacts/config.ts'
import { deleteArtifact } from '../../../../shared/artifacts/delete.ts'
import { describeArtifacts, type Artifact } from '../../../../shared/artifacts/describe.ts'
import { noArtifact } from '../../../../shared/artifacts/find.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { errors, json, jsonPage, ofRepository } from '../../http/schemas.ts'
import { registryOf, repositoryOf } from '../../registry.ts'
import { route } from '../../route.ts'
import { artifactJson, toArtifactJson } from './artifact-json.ts'
import { ARTIFACT, artifactOf, ARTIFACTS, ofArtifact, withQuery } from './artifact-request.ts'
import { artifactsQuery, pageOfArtifacts } from './artifacts-list.ts'

const tags = ['artifact']

/** The artifacts of a repository. */
export const addArtifacts = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: ARTIFACTS,
      operationId: 'listArtifacts',
      summary: 'The artifacts of a repository, those pushed last first',
      tags,
      request: { ...ofRepository, query: artifactsQuery },
      responses: {
        200: jsonPage(artifactJson, 'The artifacts'),
        ...errors(400, 401, 403, 404, 422),
      },
    },
    { project: 'artifact:list' },
    async (c) => {
      const query = c.req.valid('query')
      const page = await pageOfArtifacts(c, await repositoryOf(c), query)
      return c.json(await Promise.all(page.map(async (one) => await jsonOf(c, one, query))), 200)
    },
  )

  route(
    api,
    {
      method: 'get',
      path: ARTIFACT,
      operationId: 'getArtifact',
      summary: 'An artifact',
      tags,
      request: { ...ofArtifact, query: z.object(withQuery) },
      responses: { 200: json(artifactJson, 'The artifact'), ...errors(400, 401, 403, 404) },
    },
    { project: 'artifact:read' },
    async (c) => {
      const { registry } = c.get('deps')
      const { repository, entry } = await artifactOf(c)
      const [[artifact], extraAttributes] = await Promise.all([
        describeArtifacts(registry, repository, [entry]),
        readExtraAttributes(registry, repository, entry),
      ])
      if (artifact === undefined)
        throw noArtifact(repository.name, { kind: 'digest', digest: entry.digest })
      return c.json(await jsonOf(c, artifact, c.req.valid('query'), extraAttributes), 200)
    },
  )

  route(
    api,
    {
      method: 'delete',
      path: ARTIFACT,
      operationId: 'deleteArtifact',
      summary: 'Delete an artifact with all its tags',
      tags,
      request: ofArtifact,
      responses: { 200: { description: 'Deleted' }, ...errors(400, 401, 403, 404, 412) },
    },
    { project: 'artifact:delete' },
    async (c) => {
      const { repository, entry } = await artifactOf(c)
      await deleteArtifact(await registryOf(c), repository, entry)
      return c.body(null, 200)
    },
  )
}

type Wishes = {
  readonly with_tag: boolean
  readonly with_label: boolean
  readonly with_accessory: boolean
}

const jsonOf = async (
  c: ApiContext,
  artifact: Artifact,
  wishes: Wishes,
  extraAttributes: Readonly<Record<string, unknown>> = {},
): Promise<z.output<typeof artifactJson>> => {
  const { store } = c.get('deps')
  const { digest, repository } = artifact
  return toArtifactJson(artifact, {
    tags: wishes.with_tag,
    labels: wishes.with_label,
    accessories: wishes.with_accessory
      ? await readAccessories(store, repository.rid, digest)
      : undefined,
    extraAttributes,
  })
}
