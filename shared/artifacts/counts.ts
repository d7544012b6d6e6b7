import * as z from 'zod'
import { readAll } from '../store/batch.ts'
import type { Store } from '../store/store.ts'
import { COUNT_SHARDS, key, type RepositoryId } from '../table.ts'

const countItem = z.object({ artifacts: z.number(), changedAt: z.number().default(0) })

export type ArtifactCounts = {
  /** Of what is listed as an artifact of its own. */
  readonly artifacts: number
  /** When something came or went last, in epoch milliseconds; 0: never. */
  readonly changedAt: number
}

const shards = Array.from({ length: COUNT_SHARDS }, (_, shard) => shard)

/** What is counted in some repositories, in one batch. */
export const readArtifactCounts = async (
  store: Store,
  rids: readonly RepositoryId[],
): Promise<ReadonlyMap<RepositoryId, ArtifactCounts>> => {
  const found = await readAll(
    store,
    rids.flatMap((rid) => shards.map((shard) => key.artifactCount(rid, shard))),
    'strong',
  )
  return new Map(
    rids.map((rid) => {
      const counts = shards.flatMap((shard) => {
        const item = found.get(key.artifactCount(rid, shard))
        return item === undefined ? [] : [countItem.parse(item)]
      })
      const artifacts = counts.reduce((total, count) => total + count.artifacts, 0)
      const changedAt = Math.max(0, ...counts.map((count) => count.changedAt))
      return [rid, { artifacts: Math.max(0, artifacts), changedAt }]
    }),
  )
}

/** How many artifacts a repository has, as they are listed. */
export const countArtifacts = async (store: Store, rid: RepositoryId): Promise<number> =>
  (await readArtifactCounts(store, [rid])).get(rid)?.artifacts ?? 0
