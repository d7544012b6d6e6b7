import { bringBack } from '../gc/bring-back.ts'
import type { Digest } from '../oci/digest.ts'
import { leaseBlob } from '../registry/blobs/commit.ts'
import { holdBlob } from '../registry/blobs/hold.ts'
import type { Blob } from '../registry/blobs/items.ts'
import type { RegistryContext } from '../registry/context.ts'
import { queryAll } from '../store/query.ts'
import { TRASHED_BLOBS, key, parseTrashedBlob, type RepositoryRef } from '../table.ts'

/**
 * Makes a blob a member of a repository as a mount does, by a lease, and its project pays for it; out of the trash, when
 * it has no record any more. The lease comes first: what nobody holds is not brought back. `undefined`: it is gone.
 * @throws RegistryError DENIED when the project's quota has no room for it
 */
export const holdAgain = async (
  context: Pick<RegistryContext, 'objects' | 'store'>,
  digest: Digest,
  repository: RepositoryRef,
): Promise<Blob | undefined> => {
  const { store } = context
  const held = await holdBlob(store, digest, repository)
  if (held !== undefined) return held
  const { pk } = key.blob(digest)
  const inTrash = {
    pk,
    sk: { prefix: TRASHED_BLOBS },
    keysOnly: true,
    read: 'strong',
  } as const
  const found = await queryAll(store, inTrash)
  // Somebody else may be about to bring it back, so what is there in the end counts.
  await leaseBlob(store, repository, digest)
  for (const { sk } of found) {
    if (await bringBack(context, digest, parseTrashedBlob(sk))) break
  }
  return await holdBlob(store, digest, repository, { isLeased: true })
}
