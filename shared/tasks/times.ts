const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/**
 * How long things are left alone. None of this is needed for safety: shorter times only make a slow push fail, with an
 * answer that says so, and garbage go sooner. All in milliseconds.
 */
export type Times = {
  /** How long an upload, a mount or a HEAD keeps a blob in a repository before a manifest must hold it. */
  readonly lease: number
  /** What a lease has left at least when a client is told that the blob is there; else it is renewed first. */
  readonly leaseLeft: number
  /** Clocks of different machines may differ by this much; a review of a lease waits that much longer. */
  readonly clockSkew: number
  /** An upload that nobody touched for this long is given up. */
  readonly uploadIdle: number
  /** A manifest push takes minutes at most; one that left its intent this long ago is dead. */
  readonly intentReview: number
  /** No request runs this long: what a dead process may still write has come by then. */
  readonly inFlight: number
  /** A pull may still come with a URL signed before; longer than these live, with the caches on their way. */
  readonly pullGrace: number
  /** A deleted object can be brought back for so long. */
  readonly trash: number
  /** A manifest that no tag and no index holds may get one, where such manifests are deleted. */
  readonly untagged: number
  /** What is about a manifest that is gone is left for so long: it may be pushed again. */
  readonly referrers: number
}

export const DEFAULT_TIMES: Times = {
  lease: 24 * HOUR_MS,
  leaseLeft: HOUR_MS,
  clockSkew: 5 * MINUTE_MS,
  uploadIdle: 24 * HOUR_MS,
  intentReview: HOUR_MS,
  inFlight: HOUR_MS,
  pullGrace: HOUR_MS,
  trash: 24 * HOUR_MS,
  untagged: 2 * HOUR_MS,
  referrers: 24 * HOUR_MS,
}

/** Nothing is left alone longer than this; for tests, and for who wants room at once. */
export const shortTimes = (graceMs: number): Times => ({
  lease: graceMs,
  leaseLeft: graceMs / 2,
  clockSkew: 0,
  uploadIdle: graceMs,
  intentReview: graceMs,
  inFlight: graceMs,
  pullGrace: graceMs,
  trash: graceMs,
  untagged: graceMs,
  referrers: graceMs,
})
