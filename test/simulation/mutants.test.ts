import { describe, expect, it } from 'vitest'
import { MUTANTS } from './mutants.ts'
import { tell } from './story.ts'

/** Most mutants fall within a few stories, the rarest in one of 100; this leaves room for changes of the stories. */
const SEEDS = 160
const STEPS = 2_500

describe('a protocol with one rule left out', () => {
  it.each(Object.entries(MUTANTS))('is caught when %s', async (_rule, mutate) => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { broken } = await tell({ seed, steps: STEPS, mutate })
      if (broken !== undefined) return
    }
    expect.unreachable(`${SEEDS} stories of ${STEPS} steps did not notice`)
  })
})
