import { fullName } from '../oci/name.ts'
import { parseProject } from '../projects/project.ts'
import { parseListed } from '../repositories/items.ts'
import { getItem, pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key, prefix, type ProjectId } from '../table.ts'

/** What people call what the collector knows by ids; what is gone goes by its id. */
export type Names = {
  readonly project: (pid: string | undefined) => Promise<string>
  readonly repository: (pid: string | undefined, rid: string | undefined) => Promise<string>
}

type Known = { readonly project: string; readonly paths: ReadonlyMap<string, string> }

/** Reads what a project has once, when it is first asked for. */
export const createNames = (store: Store): Names => {
  const known = new Map<string, Promise<Known>>()
  const of = async (pid: string): Promise<Known> => {
    const found = known.get(pid) ?? readNames(store, pid)
    known.set(pid, found)
    return await found
  }
  return {
    project: async (pid = '') => (await of(pid)).project,
    repository: async (pid = '', rid = '') => {
      const { paths, project } = await of(pid)
      const path = paths.get(rid)
      return path ?? `repository ${rid} of ${project}, which is gone`
    },
  }
}

const readNames = async (store: Store, id: string): Promise<Known> => {
  // As a line of the log has it, which wrote it down from where it was parsed.
  const pid = id as ProjectId
  const item = await getItem(store, key.project(pid), 'strong')
  if (item === undefined) return { project: `project ${id}, which is gone`, paths: new Map() }
  const project = parseProject(item)
  const paths = new Map<string, string>()
  const found = pages(store, {
    pk: key.project(pid).pk,
    sk: { prefix: prefix.repositoriesOfProject },
    read: 'strong',
  })
  for await (const items of found) {
    for (const { name, rid } of items.map((one) => parseListed(project, one))) {
      paths.set(rid, fullName(name))
    }
  }
  return { project: project.name, paths }
}
