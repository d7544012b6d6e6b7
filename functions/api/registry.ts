import type { RepositoryPath } from '../../shared/oci/name.ts'
import type { RegistryContext } from '../../shared/registry/context.ts'
import { readListed } from '../../shared/repositories/find.ts'
import type { ListedRepository } from '../../shared/repositories/items.ts'
import { projectOf } from './access.ts'
import { auditWritesOf } from './audit.ts'
import type { ApiContext } from './factory.ts'
import { parseRepositoryPath } from './http/names.ts'

/** What the use cases of the registry work with, whose doings are logged as those of whoever asks. */
export const registryOf = async (c: ApiContext): Promise<RegistryContext> => {
  return { ...c.get('deps').registry, audit: await auditWritesOf(c) }
}

/** The path of the repository that a request is about. */
export const repositoryPathOf = (c: ApiContext): RepositoryPath =>
  parseRepositoryPath(c.req.param('repository_name') ?? '')

/**
 * The repository that a request is about, behind a rule about its project.
 * @throws DomainError NOT_FOUND
 */
export const repositoryOf = async (c: ApiContext): Promise<ListedRepository> =>
  await readListed(c.get('deps').store, projectOf(c).project, repositoryPathOf(c))
