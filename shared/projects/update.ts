import { DomainError } from '../errors.ts'
import type { TransactOperation } from '../ports.ts'
import { count } from '../store/numbers.ts'
import { AGAIN, contend } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key, SCHEMA_VERSION, type ProjectId } from '../table.ts'
import { readProject } from './find.ts'
import { changedMetadata, type MetadataChange, type MetadataKey } from './metadata.ts'
import { projectAttributes, type Project } from './project.ts'

export type ProjectChange = {
  /** `undefined`: as it is. */
  readonly isPublic?: boolean | undefined
  /** Keys not named stay as they are. */
  readonly metadata?: MetadataChange | undefined
}

/**
 * Changes a project; its lists show it at once, and what others change at the same time is kept.
 * @throws DomainError NOT_FOUND
 */
export const updateProject = async (
  store: Store,
  pid: ProjectId,
  change: ProjectChange,
): Promise<Project> =>
  await contend(store, async () => {
    const before = await readProject(store, { pid })
    const after: Project = {
      ...before,
      isPublic: change.isPublic ?? before.isPublic,
      metadata: changedMetadata(before.metadata, change.metadata ?? {}),
      updatedAt: store.clock.now(),
      version: before.version + 1,
    }
    const outcome = await transactNamed(store, changeItems(before, after))
    return outcome.done ? after : AGAIN
  })

/**
 * Removes one key of a project's metadata, where it is set.
 * @throws DomainError NOT_FOUND when the project is gone or the key is not set
 */
export const removeMetadata = async (
  store: Store,
  pid: ProjectId,
  name: MetadataKey,
): Promise<Project> => {
  const { metadata } = await readProject(store, { pid })
  if (metadata[name] === undefined) throw new DomainError('NOT_FOUND', `${name} is not set`)
  return await updateProject(store, pid, { metadata: { [name]: undefined } })
}

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
