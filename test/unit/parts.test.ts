import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../shared/registry/context.ts'
import { partBytes } from '../../shared/registry/uploads/plan.ts'
import { MAX_PART_NUMBER, MIN_PART_BYTES } from '../../shared/ports.ts'

describe('the parts of an upload', () => {
  it('are as large as S3 wants them, grow, and reach for more than 500 GB', () => {
    let total = 0
    let before = MIN_PART_BYTES
    for (let number = 1; number <= MAX_PART_NUMBER; number += 1) {
      const bytes = partBytes(DEFAULT_LIMITS, number)
      expect(bytes).toBeGreaterThanOrEqual(before)
      before = bytes
      total += bytes
    }
    expect(total).toBeGreaterThan(500e9)
  })

  it('come to an end by an error that says so', () => {
    expect(() => partBytes(DEFAULT_LIMITS, MAX_PART_NUMBER + 1)).toThrow(
      expect.objectContaining({ code: 'SIZE_INVALID', status: 413 }),
    )
  })
})
