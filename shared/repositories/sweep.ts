import { walkListed } from '../artifacts/entries.ts'
import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/errors.ts'
import type { RegistryContext } from '../registry/context.ts'
import { removeManifest } from '../registry/manifests/delete.ts'
import { writeAll } from '../store/batch.ts'
import { COUNT_SHARDS, key, type ListedAs, type RepositoryRef } from '../table.ts'

/** By then a worker has other things to do, too, and the task stays until all is done. */
const MOST_AT_ONCE = 1_000

/** Indexes go before most of their parts. */
const LISTS = ['artifact', 'part', 'accessory'] as const satisfies readonly ListedAs[]

/**
 * Deletes what is left in a repository whose name is gone, a part of it at a time; for the worker of its tasks. Safe to
 * repeat and to run twice at once. `remove` is to do for each of them what `removeManifest` does. Answers `done` when
 * nothing was left; else it is to be called again: at once when there is `more`, later when all of it is `held`, by pushes
 * that are under way or died.
 */
export const sweepRepository = async (
  context: RegistryContext,
  repository: RepositoryRef,
  remove = async (digest: Digest): Promise<void> => {
    await removeManifest(context, repository, digest)
  },
): Promise<'done' | 'more' | 'held'> => {
  const { store } = context
  const { rid } = repository
  let [seen, gone] = [0, 0]
  const left = () => (gone > 0 ? 'more' : 'held')
  for (const list of LISTS) {
    for await (const { digest } of walkListed(store, rid, list)) {
      seen += 1
      try {
        await remove(digest)
        gone += 1
      } catch (error) {
        // What an index holds goes in the round behind that of the index.
        if (!isHeldOrGone(error)) throw error
      }
      if (seen === MOST_AT_ONCE) return left()
    }
  }
  if (seen > 0) return left()
  await writeAll(store, [
    ...Array.from({ length: COUNT_SHARDS }, (_, shard) => ({
      op: 'delete' as const,
      key: key.artifactCount(rid, shard),
    })),
    { op: 'delete', key: key.pulls(rid) },
  ])
  return 'done'
}

const isHeldOrGone = (error: unknown): boolean =>
  error instanceof RegistryError && ['DENIED', 'MANIFEST_UNKNOWN'].includes(error.code)
