import { describe, expect, it } from 'vitest'
import { CAUGHT_BY } from './caught-by.ts'
import { MUTANTS } from './mutants.ts'
import { tell } from './story.ts'

/** Most mutants fall within a few stories, the two rarest in one of several hundred. */
const SEEDS = 1_000
/** Some are seen where many collect, others where a push comes between. */
const COLLECTORS = [2, 4, 8] as const
const STEPS = 2_500

describe('a protocol with one rule left out', () => {
  it.each(Object.entries(MUTANTS))('is caught when %s', async (rule, { mutate, telling }) => {
    const isCaught = async (seed: number): Promise<boolean> => {
      const collectors = COLLECTORS[seed % COLLECTORS.length] ?? 4
      const { broken } = await tell({ seed, steps: STEPS, mutate, collectors, ...telling })
      return broken !== undefined
    }
    const known = CAUGHT_BY[rule]
    if (known !== undefined && (await isCaught(known))) return
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      if (!(await isCaught(seed))) continue
      console.log(`for caught-by.ts: '${rule}': ${seed},`)
      return
    }
    expect.unreachable(`${SEEDS} stories of ${STEPS} steps did not notice`)
  })
})
