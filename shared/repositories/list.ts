import { mayInProject } from '../auth/access.ts'
import type { Principal } from '../auth/principal.ts'
import type { Role } from '../auth/roles.ts'
import { parseRepositoryName } from '../oci/name.ts'
import type { Item } from '../ports.ts'
import { parseProjectId } from '../projects/items.ts'
import { parseProject, type Project } from '../projects/project.ts'
import { membershipsOf } from '../projects/view.ts'
import { readAll } from '../store/batch.ts'
import { readCounter } from '../store/numbers.ts'
import { takePage, together, type Listing, type Paging } from '../store/page.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { CATALOG, key, prefix, type ProjectId } from '../table.ts'
import { describeRepositories, type Repository } from './describe.ts'
import { parseListed, type ListedRepository } from './items.ts'

const MOST_AT_ONCE = 1_000

/** One page of a project's repositories, by name. */
export const listRepositories = async (
  store: Store,
  project: Project,
  paging: Paging,
): Promise<Listing<Repository>> => {
  const [{ total }, { entries, more }] = await Promise.all([
    readCounter(store, `repositories#${project.pid}`),
    takePage(walkListed(store, project, paging), paging),
  ])
  return { entries: await describeRepositories(store, entries), more, total }
}

/** All repositories of a project, by name. */
export const walkRepositories = async function* (
  store: Store,
  project: Project,
): AsyncGenerator<Repository> {
  for await (const listed of together(walkListed(store, project))) {
    yield* await describeRepositories(store, listed)
  }
}

const walkListed = async function* (
  store: Store,
  project: Project,
  { limit, skip = 0 }: Paging = { limit: MOST_AT_ONCE },
): AsyncGenerator<ListedRepository> {
  const found = pages(store, {
    pk: key.project(project.pid).pk,
    sk: { prefix: prefix.repositoriesOfProject },
    limit: Math.min(skip + limit + 1, MOST_AT_ONCE),
    read: 'strong',
  })
  for await (const items of found) yield* items.map((item) => parseListed(project, item))
}

/** All repositories that somebody may see, by their full names. */
export const walkVisibleRepositories = async function* (
  store: Store,
  principal: Principal,
): AsyncGenerator<Repository> {
  const roles = await rolesOf(store, principal)
  for await (const listed of together(walkCatalog(store))) {
    yield* await describeRepositories(
      store,
      listed.filter(({ name, project: { isPublic, pid } }) => {
        const facts = { pid, isPublic, role: roles.get(pid) }
        return mayInProject(principal, 'repository:list', facts, name.path)
      }),
    )
  }
}

const rolesOf = async (
  store: Store,
  principal: Principal,
): Promise<ReadonlyMap<ProjectId, Role>> =>
  principal.kind === 'user' ? await membershipsOf(store, principal.number) : new Map()

/** One page of all repositories of the registry, by their full names. */
export const listEveryRepository = async (
  store: Store,
  paging: Paging,
): Promise<Listing<Repository>> => {
  const [{ total }, { entries, more }] = await Promise.all([
    readCounter(store, 'repositories'),
    takePage(walkCatalog(store, paging), paging),
  ])
  return { entries: await describeRepositories(store, entries), more, total }
}

const walkCatalog = async function* (
  store: Store,
  { limit, skip = 0 }: Paging = { limit: MOST_AT_ONCE },
): AsyncGenerator<ListedRepository> {
  const found = pages(store, {
    pk: CATALOG,
    limit: Math.min(skip + limit + 1, MOST_AT_ONCE),
    read: 'strong',
  })
  for await (const items of found) yield* await withProjects(store, items)
}

/** What lies between two reads, a project or a repository that goes, is left out. */
const withProjects = async (
  store: Store,
  items: readonly Item[],
): Promise<readonly ListedRepository[]> => {
  const named = items.map((item) => {
    const { project, path } = parseRepositoryName(item.sk)
    const pid = parseProjectId(item)
    return {
      project: key.project(pid),
      repository: key.repositoryOfProject(pid, path),
      name: project,
    }
  })
  const keys = named.flatMap(({ project, repository }) => [project, repository])
  const found = await readAll(store, keys, 'strong')
  return named.flatMap(({ project, repository }) => {
    const [projectItem, item] = [found.get(project), found.get(repository)]
    return projectItem === undefined || item === undefined
      ? []
      : [parseListed(parseProject(projectItem), item)]
  })
}
