import type { Principal } from '../auth/principal.ts'
import type { Role } from '../auth/roles.ts'
import type { ProjectName } from '../oci/name.ts'
import { readCounter } from '../store/numbers.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { PROJECTS, PUBLIC_PROJECTS } from '../table.ts'
import { takePage, type Listing, type Paging } from '../store/page.ts'
import { parseProject, type Project } from './project.ts'
import { viewOf, type View } from './view.ts'

export type ProjectSelection = {
  readonly namePrefix?: string | undefined
  readonly isPublic?: boolean | undefined
}
export type ListProjects = Paging &
  ProjectSelection & {
    /** Continue behind this name. */
    readonly after?: ProjectName | undefined
  }
/** What is not said is not limited. */
type Walk = Partial<ListProjects>

export type ListedProject = {
  readonly project: Project
  /** Of the asking user, if it is a member; not looked up for who sees everything. */
  readonly role: Role | undefined
}

/**
 * One page of the projects that somebody may see, in the order of their names: all of them for administrators and
 * robots that may list them, own and public ones for others, public ones for anonymous.
 */
export const listProjects = async (
  store: Store,
  principal: Principal,
  query: ListProjects,
): Promise<Listing<ListedProject>> => {
  const view = await viewOf(store, principal)
  const own = view.own.filter(({ project }) => fits(project, query))
  const [total, page] = await Promise.all([
    totalOf(store, view, own, query),
    takePage(walk(store, view, own, query), query),
  ])
  return { ...page, total }
}

/** All projects that somebody may see, in the order of their names. */
export const walkProjects = async function* (
  store: Store,
  principal: Principal,
  query: ProjectSelection = {},
): AsyncGenerator<ListedProject> {
  const view = await viewOf(store, principal)
  const own = view.own.filter(({ project }) => fits(project, query))
  yield* walk(store, view, own, query)
}

/** All projects there are, in the order of their names; as many at a time as one page of them takes. */
export const walkEveryProject = (store: Store, query: Walk = {}): AsyncGenerator<Project> =>
  listed(store, { seesAll: true }, query)

const fits = ({ name, isPublic }: Project, query: ProjectSelection): boolean =>
  name.startsWith(query.namePrefix ?? '') &&
  (query.isPublic === undefined || isPublic === query.isPublic)

/** Own and listed projects as one list; what is in both comes once. */
const walk = async function* (
  store: Store,
  view: View,
  own: readonly ListedProject[],
  query: Walk,
): AsyncGenerator<ListedProject> {
  const { after = '' } = query
  const open = own.filter(({ project }) => project.name > after)
  let at = 0
  for await (const project of listed(store, view, query)) {
    let next = open[at]
    while (next !== undefined && next.project.name < project.name) {
      yield next
      at += 1
      next = open[at]
    }
    if (next?.project.name === project.name) {
      yield next
      at += 1
    } else yield { project, role: undefined }
  }
  yield* open.slice(at)
}

const listed = async function* (
  store: Store,
  { seesAll }: Pick<View, 'seesAll'>,
  query: Walk,
): AsyncGenerator<Project> {
  if (!seesAll && query.isPublic === false) return
  const { namePrefix = '', after = '', limit = MOST_AT_ONCE, skip = 0 } = query
  // `after` must lie in the range of a query: what is before it says nothing, what is behind it leaves nothing.
  const isInside = after.startsWith(namePrefix)
  if (!isInside && after > namePrefix) return
  const found = pages(store, {
    pk: seesAll && query.isPublic !== true ? PROJECTS : PUBLIC_PROJECTS,
    read: 'strong',
    limit: Math.min(skip + limit + 1, MOST_AT_ONCE),
    ...(namePrefix === '' ? {} : { sk: { prefix: namePrefix } }),
    ...(after === '' || !isInside ? {} : { after }),
  })
  for await (const items of found) {
    for (const project of items.map(parseProject)) {
      if (fits(project, query)) yield project
    }
  }
}

const MOST_AT_ONCE = 1_000

const totalOf = async (
  store: Store,
  { seesAll }: View,
  own: readonly ListedProject[],
  { namePrefix = '', isPublic }: ListProjects,
): Promise<number> => {
  const countAll = async () => await countListed(store, 'projects', namePrefix)
  const countPublic = async () => await countListed(store, 'publicProjects', namePrefix)
  if (!seesAll) {
    const mine = own.filter(({ project }) => !project.isPublic).length
    return isPublic === false ? mine : mine + (await countPublic())
  }
  if (isPublic === undefined) return await countAll()
  if (isPublic) return await countPublic()
  const [all, open] = await Promise.all([countAll(), countPublic()])
  return all - open
}

/** By the counter, or name by name when only some are asked for. */
const countListed = async (
  store: Store,
  of: 'projects' | 'publicProjects',
  namePrefix: string,
): Promise<number> => {
  if (namePrefix === '') return (await readCounter(store, of)).total
  const pk = of === 'projects' ? PROJECTS : PUBLIC_PROJECTS
  const query = { pk, sk: { prefix: namePrefix }, keysOnly: true, read: 'eventual' } as const
  let total = 0
  for await (const items of pages(store, query)) total += items.length
  return total
}
