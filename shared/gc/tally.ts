import type { Result } from '../schedules/items.ts'
import type { Deleted } from './gc.ts'
import type { LogLine } from './log.ts'

/** How much was deleted. */
export type Tally = {
  readonly manifests: number
  /** What projects no longer pay for. */
  readonly quotaBytes: number
  /** Records of blobs; their objects are in the trash for a while. */
  readonly blobs: number
  readonly releasedBytes: number
  /** What is gone from the bucket. */
  readonly objects: number
  readonly freedBytes: number
}

export const NOTHING: Tally = {
  ...{ manifests: 0, quotaBytes: 0, blobs: 0, releasedBytes: 0, objects: 0, freedBytes: 0 },
}

const counted = (tally: Tally, what: Deleted['kind'], sizeBytes = 0): Tally => {
  switch (what) {
    case 'manifest':
      return { ...tally, manifests: tally.manifests + 1 }
    case 'link':
      return { ...tally, quotaBytes: tally.quotaBytes + sizeBytes }
    case 'blob':
      return {
        ...tally,
        blobs: tally.blobs + 1,
        releasedBytes: tally.releasedBytes + sizeBytes,
      }
    case 'object':
      return {
        ...tally,
        objects: tally.objects + 1,
        freedBytes: tally.freedBytes + sizeBytes,
      }
  }
}

/** With one thing more. */
export const withOne = (tally: Tally, what: Deleted): Tally =>
  counted(tally, what.kind, what.kind === 'manifest' ? 0 : what.sizeBytes)

/** The sum of a log, which is what a run did whoever worked for it. */
export const tallyOf = async (lines: AsyncIterable<LogLine>): Promise<Tally> => {
  let tally = NOTHING
  for await (const { sizeBytes, what } of lines) tally = counted(tally, what, sizeBytes)
  return tally
}

/** Of what several processes did. */
export const together = (one: Tally, other: Tally): Tally => ({
  manifests: one.manifests + other.manifests,
  quotaBytes: one.quotaBytes + other.quotaBytes,
  blobs: one.blobs + other.blobs,
  releasedBytes: one.releasedBytes + other.releasedBytes,
  objects: one.objects + other.objects,
  freedBytes: one.freedBytes + other.freedBytes,
})

/** Of a run's record. */
export const tallyIn = (result: Result): Tally => {
  const { blobs = 0, freedBytes = 0, manifests = 0 } = result
  const { objects = 0, quotaBytes = 0, releasedBytes = 0 } = result
  return { manifests, quotaBytes, blobs, releasedBytes, objects, freedBytes }
}

/** As a run's record has it. */
export const resultOf = (tally: Tally): Result => {
  const { blobs, freedBytes, manifests, objects, quotaBytes, releasedBytes } = tally
  return { blobs, freedBytes, manifests, objects, quotaBytes, releasedBytes }
}
