import * as z from 'zod'
import { readAll } from '../store/batch.ts'
import type { Store } from '../store/store.ts'
import { COUNT_SHARDS, key, type RepositoryId } from '../table.ts'

const countItem = z.object({
  artifacts: z.number(),
  indexes: z.number(),
  changedAt: z.number(),
})

export type ArtifactCounts = {
  /** All but accessories; those among them that are a mere part of an index are counted, too. */
  readonly artifacts: number
  /** Where there is none, nothing is a part of anything. */
  readonly indexes: number
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
      const sum = (of: 'artifacts' | 'indexes') =>
        counts.reduce((total, count) => total + count[of], 0)
      const changedAt = Math.max(0, ...counts.map((count) => count.changedAt))
      return [rid, { artifacts: sum('artifacts'), indexes: sum('indexes'), changedAt }]
    }),
  )
}
