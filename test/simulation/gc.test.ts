import { describe, expect, it } from 'vitest'
import { tell } from './story.ts'

const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 60)
const STEPS = 2_500

describe('pushes, deletes and the workers of garbage collection on one store', () => {
  it('keep every promise, and in the end nothing is left but what is in use', async () => {
    const done = new Map<string, number>()
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const told = await tell({ seed, steps: STEPS, workers: 4, collectors: 0, isSettled: true })
      expect(told.broken, `seed ${seed}`).toBeUndefined()
      for (const [kind, times] of told.done) done.set(kind, (done.get(kind) ?? 0) + times)
    }
    for (const kind of ['upload', 'put', 'delete', 'blob', 'object']) {
      expect(done.get(kind) ?? 0, kind).toBeGreaterThan(SEEDS / 4)
    }
  })
})
