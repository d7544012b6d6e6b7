import type { RequestListener } from 'node:http'

const SECOND_MS = 1_000
/** Who watches a page or the progress of a run is no traffic. */
const MANY_REQUESTS = 20

export type Traffic = {
  /** The same listener, whose requests are counted. */
  readonly counting: (listener: RequestListener) => RequestListener
  /** Whether many requests came in this second and the one before: what can wait then gives way to them. */
  readonly isBusy: () => boolean
}

/** Counts the requests of this process. `nowMs`: a clock that does not jump. */
export const createTraffic = (nowMs = (): number => performance.now()): Traffic => {
  let second = 0
  let before = 0
  let count = 0

  const turn = (): void => {
    const now = Math.floor(nowMs() / SECOND_MS)
    if (now === second) return
    before = now === second + 1 ? count : 0
    count = 0
    second = now
  }

  return {
    counting: (listener) => (request, response) => {
      turn()
      count += 1
      listener(request, response)
    },
    isBusy: () => {
      turn()
      return before + count >= MANY_REQUESTS
    },
  }
}
