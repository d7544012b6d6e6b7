import { z } from '@hono/zod-openapi'
import type { Principal } from '../../../../shared/auth/principal.ts'
import { listProjects, walkProjects, type ListedProject } from '../../../../shared/projects/list.ts'
import type { ApiContext } from '../../factory.ts'
import { listQuery, listRequestOf } from '../../http/listing.ts'
import { setPageHeaders } from '../../http/paging.ts'
import type { Fields } from '../../http/query-match.ts'
import { conditionOn, fieldKey, type Condition, type Query } from '../../http/query.ts'
import { anyFlag, flag } from '../../http/schemas.ts'
import { walkedPage } from '../../http/walked.ts'

export const projectsQuery = listQuery.extend({
  name: z.string().optional().openapi({ description: 'Projects whose names contain this' }),
  public: anyFlag,
  owner: z.string().optional().openapi({ description: 'Projects of the user of this name' }),
  with_detail: flag(true),
})

const FIELDS: Fields<ListedProject> = {
  name: ({ project }) => project.name,
  project_id: ({ project }) => project.number,
  public: ({ project }) => project.isPublic,
  owner: ({ project }) => project.owner?.name,
  owner_name: ({ project }) => project.owner?.name,
  owner_id: ({ project }) => project.owner?.number,
  creation_time: ({ project }) => new Date(project.createdAt),
  update_time: ({ project }) => new Date(project.updatedAt),
}
const NAME = fieldKey('name')
const PUBLIC = fieldKey('public')

/** The page that a client asks for: by a key where one serves, else by looking at all that it may see. */
export const pageOfProjects = async (
  c: ApiContext,
  principal: Principal,
  given: z.output<typeof projectsQuery>,
): Promise<readonly ListedProject[]> => {
  const { store } = c.get('deps')
  const request = listRequestOf(given)
  const query = withParameters(request.query, given)
  const isPublic = isPublicIn(query)
  const others = [...query.keys()].filter((name) => name !== PUBLIC || isPublic === undefined)
  const isByName = request.sort.every(({ key, isDescending }) => key === NAME && !isDescending)
  if (others.length > 0 || !isByName) {
    const walk = walkProjects(store, principal, { isPublic })
    return await walkedPage(c, walk, { ...request, query }, FIELDS)
  }
  const { offset, pageSize } = request.paging
  const selection = { isPublic, limit: pageSize, skip: offset }
  const { entries, total } = await listProjects(store, principal, selection)
  setPageHeaders(c, request.paging, total)
  return entries
}

/** The older parameters say what `q` can say, too. */
const withParameters = (
  query: Query,
  { name = '', owner = '', public: isPublic }: z.output<typeof projectsQuery>,
): Query => {
  const all = new Map<string, Condition>(query)
  if (name !== '') all.set(NAME, { kind: 'fuzzy', value: name })
  if (owner !== '') all.set(fieldKey('owner'), { kind: 'exact', value: owner })
  if (isPublic !== undefined) all.set(PUBLIC, { kind: 'exact', value: String(isPublic) })
  return all
}

const isPublicIn = (query: Query): boolean | undefined => {
  const condition = conditionOn(query, PUBLIC)
  if (condition?.kind !== 'exact') return undefined
  return { true: true, false: false }[condition.value.toLowerCase()]
}
