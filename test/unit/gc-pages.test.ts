import { expect, it } from 'vitest'
import { workOff } from '../../shared/gc/work.ts'
import { digestOf } from '../../shared/oci/digest.ts'
import type { Kv } from '../../shared/ports.ts'
import { DEFAULT_LIMITS } from '../../shared/registry/context.ts'
import { writeAll } from '../../shared/store/batch.ts'
import { enqueue } from '../../shared/tasks/tasks.ts'
import { createCollectedRegistry } from '../support/gc.ts'

const BLOBS = 1_200
const SHARD = 'TASK#00'

/** Works off reviews of blobs that are not there, in one shard; answers how many tasks were taken on at once, again and again. */
const takenOn = async (workers: number, isBusy?: () => boolean): Promise<readonly number[]> => {
  const { context } = createCollectedRegistry()
  const { objects, repositories, store } = context
  await writeAll(
    store,
    Array.from({ length: BLOBS }, (_, index) =>
      enqueue(store.ids, store.clock.now(), {
        type: 'BLOB_REVIEW',
        digest: digestOf(`blob ${index}`),
      }),
    ),
  )
  const taken: number[] = []
  const kv: Kv = {
    ...store.kv,
    query: async (query) => {
      const page = await store.kv.query(query)
      if (query.pk === SHARD && page.items.length > 0) taken.push(page.items.length)
      return page
    },
  }
  const watched = { objects, repositories, store: { ...store, kv }, limits: DEFAULT_LIMITS }
  const { failed, tasks } = await workOff(
    {
      context: { ...watched, allowSparse: false },
      policyOf: () => ({ deleteUntagged: false, untaggedGrace: 0 }),
      run: async () => await Promise.resolve(1),
      deleted: () => undefined,
    },
    { isStopped: () => false, troubled: () => undefined, workers, isBusy },
    undefined,
    [SHARD],
  )
  expect(failed).toBe(0)
  expect(tasks).toBeGreaterThan(40)
  expect(taken.reduce((sum, one) => sum + one)).toBe(tasks)
  return taken
}

it('a collector takes on whatever is due', async () => {
  expect(await takenOn(1)).toHaveLength(1)
  expect(await takenOn(1, () => false)).toHaveLength(1)
})

it('a collector takes on little at once where requests wait for its process', async () => {
  const alone = await takenOn(1, () => true)
  expect(Math.max(...alone)).toBe(30)
  const beside = await takenOn(10, () => true)
  expect(Math.max(...beside)).toBe(3)
})

it('a collector that gave way takes on the rest at once when nobody asks any more', async () => {
  let asked = 0
  expect(await takenOn(1, () => (asked += 1) <= 1)).toEqual([30, expect.any(Number)])
})
