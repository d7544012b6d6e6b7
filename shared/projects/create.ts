import { isNarrowed } from '../auth/access.ts'
import type { Principal } from '../auth/principal.ts'
import { DomainError } from '../errors.ts'
import { LIBRARY, type ProjectName } from '../oci/name.ts'
import type { TransactOperation } from '../ports.ts'
import { readSettings } from '../settings/read.ts'
import { newQuota, NO_LIMIT } from '../quota/items.ts'
import { parseLimit } from '../quota/limit.ts'
import { count, readCounter, type Counter, takeNumber } from '../store/numbers.ts'
import { getItem } from '../store/query.ts'
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key, SCHEMA_VERSION, type ProjectId } from '../table.ts'
import { parseProjectId } from './items.ts'
import { assertAllowlist, putAllowlist, type CveAllowlist } from './cve-allowlist.ts'
import { countMember } from './member-counts.ts'
import { newMember } from './member.ts'
import type { ProjectMetadata } from './metadata.ts'
import { parseProjectName } from './name.ts'
import { projectAttributes, type Owner, type Project } from './project.ts'

export type NewProject = {
  /** For who has to know it beforehand; a new one from the ids of the store. */
  readonly pid?: ProjectId | undefined
  readonly name: ProjectName
  readonly isPublic?: boolean | undefined
  readonly metadata?: ProjectMetadata | undefined
  readonly cveAllowlist?: CveAllowlist | undefined
  /** -1: no limit. Absent: what the settings say; without quotas it is -1, whatever is asked for. */
  readonly storageLimitBytes?: number | undefined
}

/** Kept free for `library`, whenever that is made, as Harbor has it. */
const NUMBER_OF_LIBRARY = 1

/**
 * Makes a project, with a user who makes it as its first administrator.
 * @throws DomainError FORBIDDEN for a token of some permissions, CONFLICT when the name is taken, BAD_REQUEST for a
 *   storage limit or an allowlist that is none
 */
export const createProject = async (
  store: Store,
  creator: Principal,
  given: NewProject,
): Promise<Project> => {
  // Its user becomes the administrator of what it makes, which is more than the token may give.
  if (isNarrowed(creator)) throw new DomainError('FORBIDDEN', 'this token makes no projects')
  const made = await tryCreateProject(store, ownerOf(creator), given)
  if (made !== undefined) return made
  throw new DomainError('CONFLICT', `the project ${given.name} exists already`)
}

/** Whose a project is that somebody makes; robots own none. */
export const ownerOf = (creator: Principal): Owner | undefined =>
  creator.kind === 'user' ? { number: creator.number, name: creator.name } : undefined

/** The id of a project to be made. */
export const newProjectId = ({ ids }: Pick<Store, 'ids'>): ProjectId => ids.next() as ProjectId

/** As `createProject`, for nobody in particular; `undefined`: the name is taken. */
export const tryCreateProject = async (
  store: Store,
  owner: Owner | undefined,
  given: NewProject,
): Promise<Project | undefined> => {
  const { name, isPublic = false, metadata = {}, cveAllowlist, storageLimitBytes } = given
  if (storageLimitBytes !== undefined) parseLimit(storageLimitBytes)
  if (cveAllowlist !== undefined) assertAllowlist(cveAllowlist)
  const { hasQuotas, storagePerProjectBytes } = await readSettings(store)
  const limitBytes = hasQuotas ? (storageLimitBytes ?? storagePerProjectBytes) : NO_LIMIT
  const pid = given.pid ?? newProjectId(store)
  return await contend(store, async () => {
    const [projects, members] = await Promise.all([
      readCounter(store, 'projects'),
      owner === undefined ? undefined : readCounter(store, 'members'),
    ])
    const { number, take } = numberFor(name, projects)
    const now = store.clock.now()
    const times = { createdAt: now, updatedAt: now, version: 1 }
    const project: Project = { pid, number, name, isPublic, owner, metadata, ...times }
    const outcome = await transactNamed(store, {
      ...projectItems(project),
      ...firstMember(project, members),
      quota: newQuota(pid, parseLimit(limitBytes)),
      allowlist: cveAllowlist === undefined ? undefined : putAllowlist(pid, cveAllowlist, now),
      take,
    })
    if (outcome.done) return project
    return outcome.refused.has('name') ? undefined : AGAIN
  })
}

/** Makes the project `library`, public, where there is none; leaves it as it is where there is one. */
export const ensureLibrary = async (store: Store): Promise<ProjectId> => {
  const name = parseProjectName(LIBRARY)
  return await contend(store, async () => {
    const known = await getItem(store, key.projectName(name), 'strong')
    if (known !== undefined) return parseProjectId(known)
    const made = await tryCreateProject(store, undefined, { name, isPublic: true })
    return made?.pid ?? AGAIN
  })
}

const numberFor = (
  name: ProjectName,
  before: Counter,
): { readonly number: number; readonly take: TransactOperation } => {
  if (name === LIBRARY) return { number: NUMBER_OF_LIBRARY, take: count('projects', 1) }
  const number = Math.max(before.last, NUMBER_OF_LIBRARY) + 1
  return { number, take: takeNumber('projects', before, { number }) }
}

const absent = [{ kind: 'absent' }] as const

const projectItems = (project: Project) => {
  const { pid, name, number, isPublic } = project
  const all = { v: SCHEMA_VERSION, ...projectAttributes(project) }
  return {
    name: {
      op: 'put',
      item: { ...key.projectName(name), v: SCHEMA_VERSION, pid },
      conditions: absent,
    },
    project: { op: 'put', item: { ...key.project(pid), ...all }, conditions: absent },
    number: {
      op: 'put',
      item: { ...key.projectNumber(number), v: SCHEMA_VERSION, pid },
      conditions: absent,
    },
    listed: { op: 'put', item: { ...key.projectListed(name), ...all } },
    listedAsPublic: isPublic
      ? { op: 'put', item: { ...key.publicProject(name), ...all } }
      : undefined,
    publicProjects: isPublic ? count('publicProjects', 1) : undefined,
    // From the beginning, so that a project can be deleted on the condition that it says 0.
    repositories: {
      op: 'put',
      item: { ...key.counter(`repositories#${pid}`), v: SCHEMA_VERSION, total: 0 },
    },
  } as const satisfies Readonly<Record<string, TransactOperation | undefined>>
}

const firstMember = ({ pid, owner, createdAt }: Project, members: Counter | undefined) => {
  if (owner === undefined || members === undefined) return {}
  const number = members.last + 1
  const [member, membership] = newMember({
    number,
    pid,
    user: owner.number,
    userName: owner.name,
    role: 'projectAdmin',
    createdAt,
  })
  return {
    member,
    membership,
    members: takeNumber('members', members, { counts: false }),
    membersOfProject: countMember(pid, { to: 'projectAdmin' }),
  }
}
