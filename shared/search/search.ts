/** Finds projects and repositories by a part of their names, among those that somebody may see. */
import { readArtifactCounts } from '../artifacts/counts.ts'
import { mayInProject } from '../auth/access.ts'
import type { Principal } from '../auth/principal.ts'
import type { Role } from '../auth/roles.ts'
import { parseRepositoryName, type RepositoryName } from '../oci/name.ts'
import { walkProjects } from '../projects/list.ts'
import { parseProject, type Project } from '../projects/project.ts'
import { parseRepositoryRef } from '../projects/items.ts'
import { membershipsOf } from '../projects/view.ts'
import { readAll } from '../store/batch.ts'
import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { CATALOG, key, type ProjectId, type RepositoryId } from '../table.ts'

/** A search shows so many of each at most, and has looked at so many names by then. */
const MOST_FOUND = 50
const MOST_LOOKED_AT = 100_000
/** Projects of which something is read at a time. */
const NAMES_PER_PAGE = 1_000

export type FoundRepository = {
  readonly project: Project
  readonly name: RepositoryName
  readonly artifacts: number
}

/** Projects whose names contain a text, by name, the first fifty. */
export const searchProjects = async (
  store: Store,
  principal: Principal,
  text: string,
): Promise<readonly Project[]> => {
  const wanted = text.toLowerCase()
  const found: Project[] = []
  let lookedAt = 0
  for await (const { project } of walkProjects(store, principal)) {
    if (project.name.includes(wanted)) found.push(project)
    lookedAt += 1
    if (found.length === MOST_FOUND || lookedAt === MOST_LOOKED_AT) break
  }
  return found
}

/** Repositories whose names, with their projects', contain a text, by name, the first fifty. */
export const searchRepositories = async (
  store: Store,
  principal: Principal,
  text: string,
): Promise<readonly FoundRepository[]> => {
  const roles =
    principal.kind === 'user'
      ? await membershipsOf(store, principal.number)
      : new Map<ProjectId, Role>()
  const wanted = text.toLowerCase()
  const found: Candidate[] = []
  let lookedAt = 0
  const query = { pk: CATALOG, limit: NAMES_PER_PAGE, read: 'eventual' } as const
  for await (const items of pages(store, query)) {
    const candidates = await withProjects(
      store,
      items.flatMap((item) =>
        item.sk.includes(wanted)
          ? [{ name: parseRepositoryName(item.sk), rid: parseRepositoryRef(item).rid }]
          : [],
      ),
    )
    found.push(
      ...candidates.filter(({ name, project: { isPublic, pid } }) => {
        const facts = { pid, isPublic, role: roles.get(pid) }
        return mayInProject(principal, 'repository:list', facts, name.path)
      }),
    )
    lookedAt += items.length
    if (found.length >= MOST_FOUND || lookedAt >= MOST_LOOKED_AT) break
  }
  const shown = found.slice(0, MOST_FOUND)
  const counts = await readArtifactCounts(
    store,
    shown.map(({ rid }) => rid),
  )
  return shown.map(({ project, name, rid }) => ({
    ...{ project, name },
    artifacts: counts.get(rid)?.artifacts ?? 0,
  }))
}

type Named = { readonly name: RepositoryName; readonly rid: RepositoryId }
type Candidate = Named & { readonly project: Project }

const withProjects = async (
  store: Store,
  named: readonly Named[],
): Promise<readonly Candidate[]> => {
  const keyOf = ({ name }: Named) => key.projectListed(name.project)
  const projects = await readAll(store, named.map(keyOf), 'eventual')
  return named.flatMap((one) => {
    const item = projects.get(keyOf(one))
    return item === undefined ? [] : [{ ...one, project: parseProject(item) }]
  })
}
