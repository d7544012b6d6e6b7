import type { RepositoryName } from '../../oci/name.ts'
import type { Page } from '../../oci/page.ts'
import type { Tag } from '../../oci/reference.ts'
import { listNames, type Listed } from '../../store/list.ts'
import { key, prefix } from '../../table.ts'
import { nameUnknown } from '../blobs/find.ts'
import type { RegistryContext } from '../context.ts'

/**
 * The tags of a repository in ASCII order, a page at a time.
 * @throws RegistryError NAME_UNKNOWN
 */
export const listTags = async (
  { store, repositories }: RegistryContext,
  name: RepositoryName,
  page: Page<Tag>,
): Promise<Listed> => {
  const repository = await repositories.forPull(name)
  if (repository === undefined) throw nameUnknown(name)
  return await listNames(store, key.tagsOf(repository.rid), prefix.tags, page)
}
