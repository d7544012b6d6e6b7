import { RegistryError } from '../oci/errors.ts'
import { fullName, type ProjectName, type RepositoryName } from '../oci/name.ts'
import { getItem } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transact.ts'
import { key, type ProjectId, type RepositoryId, type RepositoryRef } from '../table.ts'
import { tryCreateProject } from './create.ts'
import { newRepository, parseProjectId, parseRepositoryRef } from './items.ts'

const CACHE_MS = 60_000
const CACHE_ENTRIES = 10_000

export type RepositoriesOptions = {
  /** Whether a push to a project that does not exist makes it. */
  readonly createProjectsOnPush: boolean
}

/** Names to ids. A name may come to mean something new; an id never does. */
export type Repositories = {
  /** For reads: at most a minute old. `undefined`: no such repository. */
  forPull(name: RepositoryName): Promise<RepositoryRef | undefined>
  /** What this process believes for the moment, to begin other reads with before `forPush` has answered. */
  cached(name: RepositoryName): RepositoryRef | undefined
  /** For writes: read strongly. `undefined`: no such repository. */
  existing(name: RepositoryName): Promise<RepositoryRef | undefined>
  /**
   * For writes: read strongly, made when absent, but not before `check` has been told in which project. Throws
   * NAME_UNKNOWN when the project is absent and may not be made, and whatever `check` throws.
   */
  forPush(name: RepositoryName, check?: (pid: ProjectId) => Promise<void>): Promise<RepositoryRef>
}

export const createRepositories = (store: Store, options: RepositoriesOptions): Repositories => {
  const cache = new Map<string, { readonly ids: RepositoryRef; readonly until: number }>()

  const remember = (name: RepositoryName, ids: RepositoryRef): RepositoryRef => {
    if (cache.size >= CACHE_ENTRIES) cache.clear()
    cache.set(fullName(name), { ids, until: store.clock.now() + CACHE_MS })
    return ids
  }

  const read = async (
    name: RepositoryName,
    mode: 'strong' | 'eventual',
  ): Promise<RepositoryRef | undefined> => {
    const item = await getItem(store, key.repositoryName(name.project, name.path), mode)
    if (item !== undefined) return remember(name, parseRepositoryRef(item))
    cache.delete(fullName(name))
    return undefined
  }

  const cached: Repositories['cached'] = (name) => {
    const entry = cache.get(fullName(name))
    return entry !== undefined && entry.until > store.clock.now() ? entry.ids : undefined
  }

  const projectForPush = async (project: ProjectName): Promise<ProjectId> => {
    const item = await getItem(store, key.projectName(project), 'strong')
    if (item !== undefined) return parseProjectId(item)
    if (!options.createProjectsOnPush) {
      throw new RegistryError('NAME_UNKNOWN', {
        message: `project ${project} does not exist; create it first`,
        detail: { project },
      })
    }
    const made = await tryCreateProject(store, undefined, { name: project })
    // Taken: somebody made it in the meantime, and theirs is as good.
    return made?.pid ?? (await projectForPush(project))
  }

  const forPush: Repositories['forPush'] = async (name, check) => {
    const known = await read(name, 'strong')
    const pid = known?.pid ?? (await projectForPush(name.project))
    await check?.(pid)
    if (known !== undefined) return known
    const ids = { pid, rid: store.ids.next() as RepositoryId }
    const outcome = await transact(store, newRepository(name, ids, store.clock.now()))
    return outcome.done ? remember(name, ids) : await forPush(name, check)
  }

  return {
    cached,
    forPush,
    existing: async (name) => await read(name, 'strong'),
    forPull: async (name) =>
      cached(name) ?? (await read(name, 'eventual')) ?? (await read(name, 'strong')),
  }
}
