import { randomInt } from 'node:crypto'
import { expect } from 'vitest'
import { judge, type StoryKind } from './judge.ts'

const SEEDS = 2 ** 31

/** A seed that nobody has chosen; it is printed, for who wants the story again. */
export const freshSeed = (kind: StoryKind): number => {
  const seed = randomInt(SEEDS)
  console.log(`a new seed for ${kind}: ${seed}`)
  return seed
}

/** Tells a story under one seed after the other; fails with a report of the first that breaks. */
export const tellMany = async (
  kind: StoryKind,
  seeds: number,
  steps: number,
  first = 1,
): Promise<{ readonly done: ReadonlyMap<string, number>; readonly steps: number }> => {
  const done = new Map<string, number>()
  let all = 0
  for (let seed = first; seed < first + seeds; seed += 1) {
    const told = await judge(kind, seed, { steps })
    expect(told.report).toBeUndefined()
    all += told.steps
    for (const [each, times] of told.done) done.set(each, (done.get(each) ?? 0) + times)
  }
  return { done, steps: all }
}
