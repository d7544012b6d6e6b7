import { describe, expect, it } from 'vitest'
import { NO_FAULTS } from '../../shared/memory/faults.ts'
import { judge } from './judge.ts'
import { tellMany } from './many.ts'
import { MUTANTS } from './mutants.ts'
import { tell } from './story.ts'

/** More seeds for a longer look: `SIMULATION_SEEDS=2000 npm test -- simulation`. */
const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 200)
/** So many are told by one test: a busy machine takes minutes for all of them. */
const AT_ONCE = 25
const FIRST = Array.from({ length: Math.ceil(SEEDS / AT_ONCE) }, (_, part) => 1 + part * AT_ONCE)
const STEPS = 2_500

describe('pushes, deletes and the most eager collectors on one store', () => {
  it.each(FIRST)(
    'keep every promise and every invariant after every step of every story: from seed %d on',
    async (first) => {
      const { done, steps } = await tellMany('push', AT_ONCE, STEPS, first)
      expect(steps).toBe(AT_ONCE * STEPS)
      // Stories in which nothing succeeds would keep every promise.
      for (const kind of ['upload', 'put', 'delete']) {
        expect(done.get(kind) ?? 0, kind).toBeGreaterThan(AT_ONCE)
      }
      for (const kind of ['mount', 'uploadAtOnce', 'uploadInParts']) {
        expect(done.get(kind) ?? 0, kind).toBeGreaterThan(AT_ONCE / 4)
      }
    },
  )

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

  it('say how they are told again, with the least that breaks, when they do', async () => {
    const mutate = MUTANTS['what a batch left undone is forgotten']?.mutate
    for (let seed = 1; seed <= 100; seed += 1) {
      const { report, steps } = await judge('push', seed, { steps: STEPS }, mutate)
      if (report === undefined) continue
      const [, told] =
        /^again: npm run soak:simulate -- --story push --seed \d+ --steps (\d+)/m.exec(report) ?? []
      expect(report).toContain(`seed ${seed} of push breaks: step ${steps}: I`)
      expect(Number(told)).toBeGreaterThan(0)
      expect(Number(told)).toBeLessThanOrEqual(steps)
      return
    }
    expect.unreachable('no story broke')
  })
})
