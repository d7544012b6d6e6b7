import { fullName, type RepositoryName } from '../oci/name.ts'
import type { ProjectId, RepositoryRef } from '../table.ts'
import type { Repositories } from './repositories.ts'

/**
 * The same names, for whoever was let through to one repository by its name: which project that means may have changed
 * since. `check` is told of it before anything of that repository is read or made, and throws when it is another one.
 */
export const checked = (
  repositories: Repositories,
  about: RepositoryName,
  check: (pid: ProjectId) => Promise<void>,
): Repositories => {
  const isAbout = (name: RepositoryName): boolean => fullName(name) === fullName(about)
  const checkedRef = async (
    name: RepositoryName,
    found: RepositoryRef | undefined,
  ): Promise<RepositoryRef | undefined> => {
    if (found !== undefined && isAbout(name)) await check(found.pid)
    return found
  }
  return {
    cached: repositories.cached,
    forPull: async (name) => await checkedRef(name, await repositories.forPull(name)),
    existing: async (name) => await checkedRef(name, await repositories.existing(name)),
    forPush: async (name) => await repositories.forPush(name, isAbout(name) ? check : undefined),
  }
}
