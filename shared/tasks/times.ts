const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** How long an upload, a mount or a HEAD keeps a blob in a repository before a manifest must hold it. */
export const LEASE_MS = 24 * HOUR_MS

/** What a lease has left at least when a client is told that the blob is there; else it is renewed first. */
export const LEASE_LEFT_MS = HOUR_MS

/** Clocks of different machines may differ by this much; a review of a lease waits that much longer. */
export const CLOCK_SKEW_MS = 5 * MINUTE_MS

/** An upload that nobody touched for this long is given up. */
export const UPLOAD_IDLE_MS = 24 * HOUR_MS

/** A manifest push takes minutes at most; one that left its intent this long ago is dead. */
export const INTENT_REVIEW_MS = HOUR_MS

/** No request runs this long, so what an upload's writers left behind is complete by then. */
export const UPLOAD_CLEANUP_MS = HOUR_MS

/** A push that found a repository's name before it was deleted is over by then. */
export const REPOSITORY_REVIEW_MS = HOUR_MS
