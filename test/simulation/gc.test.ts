import { describe, expect, it } from 'vitest'
import { freshSeed, tellMany } from './many.ts'

const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 100)
const STEPS = 2_500

describe('pushes, deletes and the workers of garbage collection on one store', () => {
  it.each(['gc', 'untagged', 'pulls', 'indexes'] as const)(
    'keep every promise, and in the end nothing is left but what is in use: %s',
    async (kind) => {
      const { done, steps } = await tellMany(kind, SEEDS, STEPS)
      expect(steps).toBe(SEEDS * STEPS)
      const kinds = ['upload', 'put', 'delete']
      const collected = ['blob', 'object', 'pull']
      const others = {
        gc: [...collected, 'removal'],
        untagged: [...collected, 'manifest'],
        pulls: collected,
        indexes: [],
      }
      for (const each of [...kinds, ...others[kind]]) {
        expect(done.get(each) ?? 0, each).toBeGreaterThan(SEEDS / 8)
      }
    },
  )

  it('are not disturbed by dry runs, which write nothing', async () => {
    // A dry run takes hundreds of steps of its process.
    const { done } = await tellMany('dryRun', Math.ceil(SEEDS / 8), 3 * STEPS)
    for (const each of ['put', 'delete', 'dryRun', 'foreseen']) {
      expect(done.get(each) ?? 0, each).toBeGreaterThan(SEEDS / 50)
    }
  })

  it('keep every promise where all collect whatever no tag and no index holds', async () => {
    const { done } = await tellMany('eager', SEEDS, STEPS)
    for (const each of ['upload', 'put', 'delete']) {
      expect(done.get(each) ?? 0, each).toBeGreaterThan(SEEDS)
    }
  })

  it.each(['push', 'gc', 'eager', 'untagged', 'pulls', 'indexes'] as const)(
    'keep them under a new seed: %s',
    async (kind) => {
      await tellMany(kind, 1, STEPS, freshSeed(kind))
    },
  )
})
