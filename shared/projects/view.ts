import { mayInEveryProject } from '../auth/access.ts'
import type { Principal } from '../auth/principal.ts'
import type { Role } from '../auth/roles.ts'
import { queryAll } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key, prefix, type ProjectId } from '../table.ts'
import { readProjects } from './find.ts'
import { parseMember } from './member.ts'
import type { Project } from './project.ts'

/** Which projects somebody sees besides the public ones. */
export type View = {
  readonly seesAll: boolean
  /** In the order of their names; empty for who sees all. */
  readonly own: readonly { readonly project: Project; readonly role: Role | undefined }[]
}

const ALL: View = { seesAll: true, own: [] }
const NOTHING: View = { seesAll: false, own: [] }

/** The part of all projects that somebody may see. */
export const viewOf = async (store: Store, principal: Principal): Promise<View> => {
  switch (principal.kind) {
    case 'anonymous':
      return NOTHING
    case 'user':
      if (mayInEveryProject(principal, 'project:read')) return ALL
      if (principal.token?.only?.has('project:read') === false) return NOTHING
      return await ownOf(store, await membershipsOf(store, principal.number))
    case 'robot': {
      const readable = principal.projects.filter(
        ({ permissions, repository }) =>
          repository === undefined && permissions.includes('project:read'),
      )
      if (principal.system.includes('project:list')) return ALL
      if (readable.some(({ pid }) => pid === undefined)) return ALL
      const pids = readable.flatMap(({ pid }) => pid ?? [])
      return await ownOf(store, new Map(pids.map((pid) => [pid, undefined])))
    }
    default:
      return principal satisfies never
  }
}

const ownOf = async (
  store: Store,
  roles: ReadonlyMap<ProjectId, Role | undefined>,
): Promise<View> => {
  const projects = await readProjects(store, [...roles.keys()])
  const own = projects
    .map((project) => ({ project, role: roles.get(project.pid) }))
    .sort((one, other) => (one.project.name < other.project.name ? -1 : 1))
  return { seesAll: false, own }
}

/** What a user is in which projects. */
export const membershipsOf = async (
  store: Store,
  user: number,
): Promise<ReadonlyMap<ProjectId, Role>> => {
  const { pk } = key.user(user)
  const items = await queryAll(store, { pk, sk: { prefix: prefix.memberships }, read: 'strong' })
  return new Map(items.map(parseMember).map(({ pid, role }) => [pid, role]))
}
