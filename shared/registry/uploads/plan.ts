import { RegistryError } from '../../oci/errors.ts'
import { MAX_PART_NUMBER } from '../../ports.ts'
import type { Limits } from '../context.ts'

/**
 * How large a part is, by its number: small ones first, so that an upload's memory stays small, and larger ones later,
 * so that the 10,000 numbers reach for about 570 GB with parts of 5 MiB.
 */
const STEPS = [
  { upTo: 1_000, factor: 1 },
  { upTo: 4_000, factor: 4 },
  { upTo: MAX_PART_NUMBER, factor: 16 },
] as const

/** Numbers that a writer takes at a time when it cannot know how many bytes will come. */
const NUMBERS_WHEN_UNKNOWN = 64

/**
 * Bytes of the part with a number.
 * @throws RegistryError SIZE_INVALID (413) above the last number
 */
export const partBytes = (limits: Limits, partNumber: number): number => {
  const step = STEPS.find(({ upTo }) => partNumber <= upTo)
  if (step === undefined) {
    throw new RegistryError('SIZE_INVALID', {
      status: 413,
      message: `the blob is too large: an upload takes at most ${MAX_PART_NUMBER} parts`,
    })
  }
  return limits.partBytes * step.factor
}

/** Part numbers to reserve for bytes of a known or unknown number, the one that holds the tail included. */
export const numbersFor = (limits: Limits, expectedBytes: number | undefined): number =>
  expectedBytes === undefined
    ? NUMBERS_WHEN_UNKNOWN
    : Math.ceil(expectedBytes / limits.partBytes) + 1
