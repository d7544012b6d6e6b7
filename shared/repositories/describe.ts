import * as z from 'zod'
import { readArtifactCounts } from '../artifacts/counts.ts'
import { readAll } from '../store/batch.ts'
import type { Store } from '../store/store.ts'
import { key } from '../table.ts'
import type { ListedRepository } from './items.ts'

const pullsItem = z.object({ pulls: z.number() })

export type Repository = ListedRepository & {
  readonly artifacts: number
  readonly pulls: number
  /** When something in it or of it was changed last, in epoch milliseconds. */
  readonly updatedAt: number
}

/** Some repositories with what is counted in them, in a batch or two. */
export const describeRepositories = async (
  store: Store,
  listed: readonly ListedRepository[],
): Promise<readonly Repository[]> => {
  const rids = listed.map(({ rid }) => rid)
  const [counts, found] = await Promise.all([
    readArtifactCounts(store, rids),
    readAll(store, rids.map(key.pulls), 'eventual'),
  ])
  return listed.map((repository) => {
    const count = counts.get(repository.rid)
    const pulls = found.get(key.pulls(repository.rid))
    return {
      ...repository,
      artifacts: count?.artifacts ?? 0,
      pulls: pulls === undefined ? 0 : pullsItem.parse(pulls).pulls,
      updatedAt: Math.max(repository.describedAt, count?.changedAt ?? 0),
    }
  })
}
