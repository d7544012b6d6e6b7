import { DomainError } from '../errors.ts'
import type { TransactOperation } from '../ports.ts'
import { count } from '../store/numbers.ts'
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key, SCHEMA_VERSION, type ProjectId } from '../table.ts'
import { enqueue } from '../tasks/tasks.ts'
import { assertAllowlist, putAllowlist, type CveAllowlist } from './cve-allowlist.ts'
import { readProject } from './find.ts'
import { changedMetadata, type MetadataChange, type MetadataKey } from './metadata.ts'
import { projectAttributes, type Project } from './project.ts'

export type ProjectChange = {
  /** `undefined`: as it is. */
  readonly isPublic?: boolean | undefined
  /** Keys not named stay as they are. */
  readonly metadata?: MetadataChange | undefined
  readonly cveAllowlist?: CveAllowlist | undefined
}

/**
 * Changes a project; its lists show it at once, and what others change at the same time is kept.
 * @throws DomainError NOT_FOUND, BAD_REQUEST for an allowlist that is none
 */
export const updateProject = async (
  store: Store,
  pid: ProjectId,
  change: ProjectChange,
): Promise<Project> => await changeProject(store, pid, () => change)

/** As `updateProject`, by what the project is at the moment of the change. */
const changeProject = async (
  store: Store,
  pid: ProjectId,
  decide: (before: Project) => ProjectChange,
): Promise<Project> =>
  await contend(store, async () => {
    const before = await readProject(store, { pid })
    const change = decide(before)
    if (change.cveAllowlist !== undefined) assertAllowlist(change.cveAllowlist)
    const after: Project = {
      ...before,
      isPublic: change.isPublic ?? before.isPublic,
      metadata: changedMetadata(before.metadata, change.metadata ?? {}),
      updatedAt: store.clock.now(),
      version: before.version + 1,
    }
    const { cveAllowlist } = change
    const outcome = await transactNamed(store, {
      ...changeItems(before, after),
      parked: wantsMoreDeleted(before, after)
        ? enqueue(store.ids, after.updatedAt, { type: 'PARKED_REVIEW', pid })
        : undefined,
      allowlist:
        cveAllowlist === undefined ? undefined : putAllowlist(pid, cveAllowlist, after.updatedAt),
    })
    return outcome.done ? after : AGAIN
  })

const wantsMoreDeleted = (before: Project, after: Project): boolean =>
  after.metadata.delete_untagged === 'true' && before.metadata.delete_untagged !== 'true'

/**
 * Sets one key of a project's metadata, where it is not set yet.
 * @throws DomainError NOT_FOUND when the project is gone, CONFLICT when the key is set
 */
export const addMetadata = async (
  store: Store,
  pid: ProjectId,
  name: MetadataKey,
  value: string,
): Promise<Project> =>
  await changeProject(store, pid, ({ metadata }) => {
    if (metadata[name] !== undefined) throw new DomainError('CONFLICT', `${name} is set already`)
    return { metadata: { [name]: value } }
  })

/**
 * Removes one key of a project's metadata, where it is set.
 * @throws DomainError NOT_FOUND when the project is gone or the key is not set
 */
export const removeMetadata = async (
  store: Store,
  pid: ProjectId,
  name: MetadataKey,
): Promise<Project> =>
  await changeProject(store, pid, ({ metadata }) => {
    if (metadata[name] === undefined) throw new DomainError('NOT_FOUND', `${name} is not set`)
    return { metadata: { [name]: undefined } }
  })

const changeItems = (before: Project, after: Project) => {
  const { pid, name } = after
  const all = { v: SCHEMA_VERSION, ...projectAttributes(after) }
  const turns = Number(after.isPublic) - Number(before.isPublic)
  return {
    // An update, since the item may hold more than a list shows.
    project: {
      op: 'update',
      key: key.project(pid),
      set: all,
      conditions: [{ kind: 'equals', name: 'version', value: before.version }],
    },
    listed: { op: 'put', item: { ...key.projectListed(name), ...all } },
    listedAsPublic: after.isPublic
      ? { op: 'put', item: { ...key.publicProject(name), ...all } }
      : { op: 'delete', key: key.publicProject(name) },
    publicProjects: turns === 0 ? undefined : count('publicProjects', turns > 0 ? 1 : -1),
  } as const satisfies Readonly<Record<string, TransactOperation | undefined>>
}
