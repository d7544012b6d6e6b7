import { DomainError } from '../errors.ts'
import {
  fullName,
  parseRepositoryName,
  type RepositoryName,
  type RepositoryPath,
} from '../oci/name.ts'
import type { Project } from '../projects/project.ts'
import { getItem } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key } from '../table.ts'
import { describeRepositories, type Repository } from './describe.ts'
import { parseListed, type ListedRepository } from './items.ts'

/** The full name of a repository of a project. */
export const nameIn = ({ name }: Project, path: RepositoryPath): RepositoryName =>
  parseRepositoryName(`${name}/${path}`)

/**
 * A repository of a project, as the project lists it.
 * @throws DomainError NOT_FOUND
 */
export const readListed = async (
  store: Store,
  project: Project,
  path: RepositoryPath,
): Promise<ListedRepository> => {
  const item = await getItem(store, key.repositoryOfProject(project.pid, path), 'strong')
  if (item === undefined) throw noRepository(nameIn(project, path))
  return parseListed(project, item)
}

/**
 * A repository with what is counted in it.
 * @throws DomainError NOT_FOUND
 */
export const readRepository = async (
  store: Store,
  project: Project,
  path: RepositoryPath,
): Promise<Repository> => {
  const listed = await readListed(store, project, path)
  const [described] = await describeRepositories(store, [listed])
  if (described === undefined) throw noRepository(listed.name)
  return described
}

export const noRepository = (name: RepositoryName): DomainError =>
  new DomainError('NOT_FOUND', `repository ${fullName(name)} not found`)
