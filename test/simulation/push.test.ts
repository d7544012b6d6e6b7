import { describe, expect, it } from 'vitest'
import { NO_FAULTS } from '../../shared/memory/faults.ts'
import { tell } from './story.ts'

/** More seeds for a longer look: `SIMULATION_SEEDS=2000 npm test -- simulation`. */
const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 60)
const STEPS = 2_500

describe('pushes, deletes and the most eager collectors on one store', () => {
  it('keep every promise and every invariant after every step of every story', async () => {
    const done = new Map<string, number>()
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const told = await tell({ seed, steps: STEPS })
      expect(told.broken, `seed ${seed}`).toBeUndefined()
      for (const [kind, times] of told.done) done.set(kind, (done.get(kind) ?? 0) + times)
    }
    // Stories in which nothing succeeds would keep every promise.
    for (const kind of ['upload', 'put', 'mount', 'delete']) {
      expect(done.get(kind) ?? 0, kind).toBeGreaterThan(SEEDS)
    }
    for (const kind of ['uploadAtOnce', 'uploadInParts']) {
      expect(done.get(kind) ?? 0, kind).toBeGreaterThan(SEEDS / 4)
    }
  })

  it('keep them in a world without trouble, too', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const told = await tell({ seed, steps: STEPS, faults: NO_FAULTS })
      expect(told.broken, `seed ${seed}`).toBeUndefined()
    }
  })

  it('are the same story when the seed is the same', async () => {
    const [first, second] = [
      await tell({ seed: 7, steps: STEPS }),
      await tell({ seed: 7, steps: STEPS }),
    ]
    expect([...second.done]).toEqual([...first.done])
  })
})
