import type { z } from '@hono/zod-openapi'
import { describeArtifacts, type Artifact } from '../../../../shared/artifacts/describe.ts'
import { listArtifacts, walkCandidates, type Candidate } from '../../../../shared/artifacts/list.ts'
import { mediaTypeOf, typeOf } from '../../../../shared/artifacts/type.ts'
import type { ListedRepository } from '../../../../shared/repositories/items.ts'
import type { ApiContext } from '../../factory.ts'
import { listQuery, listRequestOf } from '../../http/listing.ts'
import { setPageHeaders } from '../../http/paging.ts'
import type { Fields } from '../../http/query-match.ts'
import { conditionOn, fieldKey, type Query } from '../../http/query.ts'
import { walkedPage } from '../../http/walked.ts'
import { withQuery } from './artifact-request.ts'

export const artifactsQuery = listQuery.extend(withQuery)

const FIELDS: Fields<Candidate> = {
  digest: ({ digest }) => digest,
  type: (candidate) => typeOf(candidate),
  media_type: (candidate) => mediaTypeOf(candidate),
  manifest_media_type: ({ mediaType }) => mediaType,
  artifact_type: ({ artifactType }) => artifactType,
  push_time: ({ pushedAt }) => new Date(pushedAt),
  pull_time: ({ pulledAt }) => (pulledAt === undefined ? undefined : new Date(pulledAt)),
  size: ({ contentSize, sizeBytes }) => contentSize ?? sizeBytes,
  tags: ({ tags }) => tags,
  labels: ({ labels }) => labels,
}
const TAGS = fieldKey('tags')
const PUSH_TIME = fieldKey('push_time')

/** The page that a client asks for: by the key where it serves, else by looking at all artifacts. */
export const pageOfArtifacts = async (
  c: ApiContext,
  repository: ListedRepository,
  given: z.output<typeof artifactsQuery>,
): Promise<readonly Artifact[]> => {
  const { registry, store } = c.get('deps')
  const request = listRequestOf(given)
  const isByPush = request.sort.every(({ key, isDescending }) => key === PUSH_TIME && isDescending)
  if (request.query.size === 0 && isByPush) {
    const { offset, pageSize } = request.paging
    const { entries, total } = await listArtifacts(registry, repository, {
      ...{ limit: pageSize, skip: offset },
    })
    setPageHeaders(c, request.paging, total)
    return entries
  }
  const { query, isTagged } = withoutTagWords(request.query)
  const asks = (field: string): boolean =>
    conditionOn(request.query, field) !== undefined ||
    request.sort.some(({ key }) => key === fieldKey(field))
  const wanted = { tags: asks('tags'), labels: asks('labels'), pulls: asks('pull_time') }
  const walk = tagged(walkCandidates(store, repository, wanted), isTagged)
  const candidates = await walkedPage(c, walk, { ...request, query }, FIELDS)
  return await describeArtifacts(registry, repository, candidates)
}

/** `tags=*` asks for what has a tag and `tags=nil` for what has none, and not for a tag of that name. */
const withoutTagWords = (
  query: Query,
): { readonly query: Query; readonly isTagged: boolean | undefined } => {
  const condition = conditionOn(query, 'tags')
  if (condition?.kind !== 'exact') return { query, isTagged: undefined }
  const isTagged = { '*': true, nil: false }[condition.value]
  if (isTagged === undefined) return { query, isTagged }
  return { query: new Map([...query].filter(([name]) => name !== TAGS)), isTagged }
}

const tagged = async function* (
  walk: AsyncIterable<Candidate>,
  isTagged: boolean | undefined,
): AsyncGenerator<Candidate> {
  for await (const candidate of walk) {
    if (isTagged === undefined || candidate.tags.length > 0 === isTagged) yield candidate
  }
}
