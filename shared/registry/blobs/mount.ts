import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/name.ts'
import { readAll } from '../../store/batch.ts'
import { pages } from '../../store/query.ts'
import { key, prefix, type ProjectId, type RepositoryRef } from '../../table.ts'
import type { RegistryContext } from '../context.ts'
import { holdBlob } from './hold.ts'
import { holds, type Blob } from './items.ts'
import { isMember } from './membership.ts'

const HOLDERS_PER_PAGE = 100
/** An anonymous mount looks at this many pages of holders and then gives up: bounded work, and the client uploads. */
const MAX_PAGES = 10

type May = (name: RepositoryName, pid?: ProjectId) => boolean | Promise<boolean>

/**
 * What the caller may pull from: decides where a blob to be mounted may be found. Without `pid` it is asked before
 * anything is looked up.
 */
export type MayPull = {
  readonly from: May
  /** From every repository of the project that this one is in. */
  readonly fromAll: May
}

/**
 * Gives a repository a blob of another one, without a byte being sent. When it is not said of which one, it is looked for
 * in the same project. `undefined`: it was not found where the caller may pull, and the client is to upload it.
 */
export const mountBlob = async (
  context: RegistryContext,
  to: RepositoryName,
  digest: Digest,
  from: RepositoryName | undefined,
  mayPull: MayPull,
): Promise<Blob | undefined> => {
  const { store, repositories } = context
  if (from !== undefined && !(await mayPull.from(from))) return undefined
  const [target, source, isWide] = await Promise.all([
    repositories.forPush(to),
    from === undefined ? undefined : repositories.existing(from),
    from === undefined && mayPull.fromAll(to),
  ])
  if (from !== undefined && (source === undefined || !(await mayPull.from(from, source.pid)))) {
    return undefined
  }
  const [look, found] = await Promise.all([
    readAll(store, [key.blob(digest), key.link(digest, target.pid)], 'strong'),
    source === undefined && isWide
      ? isInProject(context, digest, target)
      : isMember(store, digest, source ?? target, 'strong'),
  ])
  return found ? await holdBlob(store, digest, target, { look }) : undefined
}

const isInProject = async (
  { store }: RegistryContext,
  digest: Digest,
  { pid }: RepositoryRef,
): Promise<boolean> => {
  const now = store.clock.now()
  const query = {
    pk: key.blob(digest).pk,
    sk: { prefix: prefix.ofLink(pid) },
    limit: HOLDERS_PER_PAGE,
    read: 'strong',
  } as const
  let seen = 0
  for await (const items of pages(store, query)) {
    if (items.some((item) => holds(item, now))) return true
    seen += 1
    if (seen === MAX_PAGES) break
  }
  return false
}
