import { parseRepositoryName } from '../../shared/oci/name.ts'
import { parseReference, parseTag } from '../../shared/oci/reference.ts'
import type { RegistryContext } from '../../shared/registry/context.ts'
import { undelete, type Undeleted } from '../../shared/trash/undelete.ts'

/** Brings something back as the API does, `reference` and tags as people write them. */
export const undeleteIn = async (
  context: RegistryContext,
  name: string,
  reference: string,
  tags: readonly string[] = [],
): Promise<Undeleted> => {
  const parsed = parseRepositoryName(name)
  const { pid } = await context.repositories.forPush(parsed)
  return await undelete(context, {
    ...{ pid, name: parsed, reference: parseReference(reference) },
    tags: tags.map(parseTag),
  })
}
