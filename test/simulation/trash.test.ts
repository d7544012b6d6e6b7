import { describe, expect, it } from 'vitest'
import { freshSeed, tellMany } from './many.ts'

const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 100)
const STEPS = 2_500

describe('images that are deleted and brought back', () => {
  it('keep every promise, stay in the trash for its time, and leave nothing behind', async () => {
    const { done } = await tellMany('trash', SEEDS, STEPS)
    for (const each of ['put', 'delete', 'blob', 'object', 'undelete', 'undeleteCollected']) {
      expect(done.get(each) ?? 0, each).toBeGreaterThan(SEEDS / 8)
    }
  })

  it('keep every promise beside collectors that empty the trash at any moment', async () => {
    const { done } = await tellMany('eagerTrash', SEEDS, STEPS)
    for (const each of ['put', 'delete', 'undelete']) {
      expect(done.get(each) ?? 0, each).toBeGreaterThan(SEEDS / 2)
    }
  })

  it.each(['trash', 'eagerTrash'] as const)('keep them under a new seed: %s', async (kind) => {
    await tellMany(kind, 1, STEPS, freshSeed(kind))
  })
})
