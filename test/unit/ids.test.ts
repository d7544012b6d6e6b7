import { describe, expect, it } from 'vitest'
import { createRandomIds } from '../../shared/system/ids.ts'

const many = (next: () => string): readonly string[] => Array.from({ length: 20_000 }, next)

describe('ids', () => {
  const ids = createRandomIds()
  const apart = many(() => ids.next())
  const beside = many(() => ids.nextBeside())

  it('have 26 characters of their alphabet, and none comes twice', () => {
    const all = [...apart, ...beside]
    expect(all.filter((id) => !/^[a-z2-7]{26}$/.test(id))).toEqual([])
    expect(new Set(all).size).toBe(all.length)
  })

  it('have every character in every place, but for the start of neighbours', () => {
    const charactersAt = (all: readonly string[], place: number): number =>
      new Set(all.map((id) => id[place])).size
    for (let place = 0; place < 26; place += 1) expect(charactersAt(apart, place)).toBe(32)
    for (let place = 8; place < 26; place += 1) expect(charactersAt(beside, place)).toBe(32)
  })

  it('that are made beside one another begin alike, a few thousand of them', () => {
    const starts = (all: readonly string[]): number => new Set(all.map((id) => id.slice(0, 8))).size
    expect(starts(beside)).toBe(5)
    expect(starts(many(() => createRandomIds().nextBeside()))).toBeGreaterThan(19_000)
    expect(starts(apart)).toBeGreaterThan(19_000)
  })
})
