import { parseOptions, parseRepositoryRef } from '../projects/items.ts'
import { getItem, pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { CATALOG, key, type ProjectId, type RepositoryId } from '../table.ts'
import type { CheckContext } from './suspect.ts'

/**
 * Which project each repository is in, read once; some 100 bytes of memory for each of them. Repositories that come later
 * have nothing yet that an audit looks at.
 */
export const createProjectsOf = (
  store: Store,
  allowSparse: boolean,
): Pick<CheckContext, 'projectOf' | 'allowsSparse'> => {
  const options = new Map<ProjectId, Promise<boolean>>()
  let known: Promise<ReadonlyMap<RepositoryId, ProjectId>> | undefined
  const read = async (pid: ProjectId): Promise<boolean> =>
    parseOptions(await getItem(store, key.project(pid), 'strong')).allowSparse ?? allowSparse
  return {
    projectOf: async (rid) => {
      known ??= readAllRepositories(store)
      return (await known).get(rid)
    },
    allowsSparse: async (pid) => {
      const asked = options.get(pid) ?? read(pid)
      options.set(pid, asked)
      return await asked
    },
  }
}

const readAllRepositories = async (store: Store): Promise<ReadonlyMap<RepositoryId, ProjectId>> => {
  const found = new Map<RepositoryId, ProjectId>()
  // One string for each project, however many repositories it has.
  const projects = new Map<ProjectId, ProjectId>()
  for await (const items of pages(store, { pk: CATALOG, read: 'strong' })) {
    for (const { pid, rid } of items.map(parseRepositoryRef)) {
      const project = projects.get(pid) ?? pid
      projects.set(project, project)
      found.set(rid, project)
    }
  }
  return found
}
