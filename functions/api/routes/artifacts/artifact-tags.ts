import { z } from '@hono/zod-openapi'
import { artifactNumber } from '../../../../shared/artifacts/describe.ts'
import {
  createTag,
  readArtifactTags,
  readTagNames,
  removeTag,
  type ArtifactTag,
} from '../../../../shared/artifacts/tags.ts'
import { parseTag } from '../../../../shared/oci/reference.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { listPage, listQuery, listRequestOf } from '../../http/listing.ts'
import { pageOf, setPageHeaders } from '../../http/paging.ts'
import type { Fields } from '../../http/query-match.ts'
import { errors, flag, jsonBody, jsonPage } from '../../http/schemas.ts'
import { registryOf } from '../../registry.ts'
import { route } from '../../route.ts'
import { hrefOf, tagJson, toTagJson } from './artifact-json.ts'
import { ARTIFACT, artifactOf, ofArtifact } from './artifact-request.ts'

const tags = ['artifact']

const tagsQuery = listQuery.extend({ with_immutable_status: flag(false) })
const tagRequest = z.object({ name: z.string() }).openapi('TagReq')
const ofTag = {
  ...ofArtifact,
  params: ofArtifact.params.extend({ tag_name: z.string() }),
} as const

const FIELDS: Fields<ArtifactTag> = {
  id: ({ number }) => number,
  name: ({ name }) => name,
  push_time: ({ pushedAt }) => new Date(pushedAt),
  pull_time: ({ pulledAt }) => (pulledAt === undefined ? undefined : new Date(pulledAt)),
}

/** The tags of an artifact. */
export const addArtifactTags = (api: Api): void => {
  route(
    api,
    {
      method: 'get',
      path: `${ARTIFACT}/tags`,
      operationId: 'listTags',
      summary: 'The tags of an artifact, by name',
      tags,
      request: { ...ofArtifact, query: tagsQuery },
      responses: { 200: jsonPage(tagJson, 'The tags'), ...errors(400, 401, 403, 404, 422) },
    },
    { project: 'tag:list' },
    async (c) => {
      const { repository, entry } = await artifactOf(c)
      const { digest } = entry
      const names = await readTagNames(c.get('deps').store, repository.rid, digest)
      const read = async (some: typeof names) =>
        await readArtifactTags(c.get('deps').store, repository.rid, digest, some)
      const page = await pageOfTags(c, c.req.valid('query'), names, read)
      const number = artifactNumber(repository.rid, digest)
      return c.json(page.map(toTagJson({ number, digest, repository })), 200)
    },
  )

  route(
    api,
    {
      method: 'post',
      path: `${ARTIFACT}/tags`,
      operationId: 'createTag',
      summary: 'Give an artifact a tag that its repository does not have yet',
      tags,
      request: { ...ofArtifact, body: jsonBody(tagRequest) },
      responses: {
        201: { description: 'Created; Location says where' },
        ...errors(400, 401, 403, 404, 409, 413, 415, 422),
      },
    },
    { project: 'tag:create' },
    async (c) => {
      const tag = parseTag(c.req.valid('json').name)
      const { repository, entry } = await artifactOf(c)
      await createTag(await registryOf(c), repository, entry, tag)
      const href = hrefOf(repository.name, entry.digest)
      return c.body(null, 201, { Location: `${href}/tags/${tag}` })
    },
  )

  route(
    api,
    {
      method: 'delete',
      path: `${ARTIFACT}/tags/{tag_name}`,
      operationId: 'deleteTag',
      summary: 'Take a tag off an artifact, which stays',
      tags,
      request: ofTag,
      responses: { 200: { description: 'Deleted' }, ...errors(400, 401, 403, 404) },
    },
    { project: 'tag:delete' },
    async (c) => {
      const tag = parseTag(c.req.valid('param').tag_name)
      const { repository, entry } = await artifactOf(c)
      await removeTag(await registryOf(c), repository, entry, tag)
      return c.body(null, 200)
    },
  )
}

type Names = Awaited<ReturnType<typeof readTagNames>>

/** Without a query or an order only what is on the page is read. */
const pageOfTags = async (
  c: ApiContext,
  query: z.output<typeof listQuery>,
  names: Names,
  read: (names: Names) => Promise<readonly ArtifactTag[]>,
): Promise<readonly ArtifactTag[]> => {
  const request = listRequestOf(query)
  if (request.query.size > 0 || request.sort.length > 0) {
    return listPage(c, await read(names), request, FIELDS)
  }
  setPageHeaders(c, request.paging, names.length)
  return await read(pageOf(names, request.paging))
}
