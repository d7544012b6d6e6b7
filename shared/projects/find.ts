import type { ProjectFacts } from '../auth/access.ts'
import type { Principal } from '../auth/principal.ts'
import { DomainError } from '../errors.ts'
import type { ProjectName } from '../oci/name.ts'
import { readAll } from '../store/batch.ts'
import { parseCounter } from '../store/numbers.ts'
import { getItem } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key, type ProjectId } from '../table.ts'
import { parseProjectId } from './items.ts'
import { parseMember } from './member.ts'
import { parseProject, type Project } from './project.ts'

/** How somebody points at a project. */
export type ProjectReference =
  | { readonly pid: ProjectId }
  | { readonly name: ProjectName }
  /** What Harbor's API calls `project_id`. */
  | { readonly number: number }

/** `undefined`: no such project. */
export const findProject = async (
  store: Store,
  reference: ProjectReference,
): Promise<Project | undefined> => {
  const pid = await resolveProject(store, reference)
  if (pid === undefined) return undefined
  const item = await getItem(store, key.project(pid), 'strong')
  return item === undefined ? undefined : parseProject(item)
}

/**
 * The project that is pointed at.
 * @throws DomainError NOT_FOUND
 */
export const readProject = async (store: Store, reference: ProjectReference): Promise<Project> => {
  const found = await findProject(store, reference)
  if (found === undefined) throw new DomainError('NOT_FOUND', 'no such project')
  return found
}

/** The projects of these ids that exist, in no order. */
export const readProjects = async (
  store: Store,
  pids: readonly ProjectId[],
): Promise<readonly Project[]> => {
  const found = await readAll(store, pids.map(key.project), 'strong')
  return pids.flatMap((pid) => {
    const item = found.get(key.project(pid))
    return item === undefined ? [] : [parseProject(item)]
  })
}

/** What decides about somebody in a project: one round trip behind the id, two behind a name; `undefined`: no project. */
export const readProjectFacts = async (
  store: Store,
  principal: Principal,
  reference: ProjectReference,
): Promise<ProjectFacts | undefined> => (await findProjectFor(store, principal, reference))?.facts

/** As above, with the project itself. */
export const findProjectFor = async (
  store: Store,
  principal: Principal,
  reference: ProjectReference,
): Promise<{ readonly project: Project; readonly facts: ProjectFacts } | undefined> => {
  const pid = await resolveProject(store, reference)
  if (pid === undefined) return undefined
  const [item, membership] = await Promise.all([
    getItem(store, key.project(pid), 'strong'),
    principal.kind === 'user'
      ? getItem(store, key.membership(principal.number, pid), 'strong')
      : undefined,
  ])
  if (item === undefined) return undefined
  const project = parseProject(item)
  const role = membership === undefined ? undefined : parseMember(membership).role
  return { project, facts: { pid, isPublic: project.isPublic, role } }
}

/** How many repositories each of some projects has. */
export const readRepositoryCounts = async (
  store: Store,
  pids: readonly ProjectId[],
): Promise<ReadonlyMap<ProjectId, number>> => {
  const keyOf = (pid: ProjectId) => key.counter(`repositories#${pid}`)
  const found = await readAll(store, pids.map(keyOf), 'eventual')
  return new Map(pids.map((pid) => [pid, parseCounter(found.get(keyOf(pid))).total]))
}

/** The id behind a reference; `undefined`: no such project. */
export const resolveProject = async (
  store: Store,
  reference: ProjectReference,
): Promise<ProjectId | undefined> => {
  if ('pid' in reference) return reference.pid
  const item = await getItem(
    store,
    'name' in reference ? key.projectName(reference.name) : key.projectNumber(reference.number),
    'strong',
  )
  return item === undefined ? undefined : parseProjectId(item)
}
