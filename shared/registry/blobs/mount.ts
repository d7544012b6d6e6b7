import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/name.ts'
import type { Item } from '../../ports.ts'
import { readAll } from '../../store/batch.ts'
import { pages } from '../../store/query.ts'
import { key, prefix, repositoryOfMember, type RepositoryRef } from '../../table.ts'
import type { RegistryContext } from '../context.ts'
import { holdBlob } from './hold.ts'
import { holds, type Blob } from './items.ts'
import { isMember } from './membership.ts'

const HOLDERS_PER_PAGE = 100
/** An anonymous mount looks at this many pages of holders and then gives up: bounded work, and the client uploads. */
const MAX_PAGES = 10

/** Whether the caller may pull from a repository; decides where an anonymous mount may find a blob. */
export type MayPull = (repository: RepositoryRef) => boolean

/**
 * Gives a repository a blob of another one, without a byte being sent. `undefined`: it was not found where the caller
 * may pull, and the client is to upload it.
 */
export const mountBlob = async (
  context: RegistryContext,
  to: RepositoryName,
  digest: Digest,
  from: RepositoryName | undefined,
  mayPull: MayPull,
): Promise<Blob | undefined> => {
  const { store, repositories } = context
  const [target, source] = await Promise.all([
    repositories.forPush(to),
    from === undefined ? undefined : repositories.existing(from),
  ])
  if (from !== undefined && (source === undefined || !mayPull(source))) return undefined
  const [look, found] = await Promise.all([
    readAll(store, [key.blob(digest), key.link(digest, target.pid)], 'strong'),
    source === undefined
      ? isAnywhere(context, digest, mayPull)
      : isMember(store, digest, source, 'strong'),
  ])
  return found ? await holdBlob(store, digest, target, { look }) : undefined
}

const isAnywhere = async (
  { store }: RegistryContext,
  digest: Digest,
  mayPull: MayPull,
): Promise<boolean> => {
  const now = store.clock.now()
  const query = {
    pk: key.blob(digest).pk,
    sk: { prefix: prefix.ofBlob },
    limit: HOLDERS_PER_PAGE,
    read: 'strong',
  } as const
  let seen = 0
  for await (const items of pages(store, query)) {
    if (items.some((item) => isPullable(item, now, mayPull))) return true
    seen += 1
    if (seen === MAX_PAGES) break
  }
  return false
}

const isPullable = (item: Item, now: number, mayPull: MayPull): boolean => {
  const repository = repositoryOfMember(item.sk)
  return repository !== undefined && holds(item, now) && mayPull(repository)
}
