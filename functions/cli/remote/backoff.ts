import { setTimeout as wait } from 'node:timers/promises'

export const MAX_ATTEMPTS = 7
const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 15_000
const SECOND_MS = 1_000

/** An attempt that failed for a reason that may be gone the next time. */
export class Temporary extends Error {
  override readonly name = 'Temporary'
  /** What the other side asked for. */
  readonly waitMs: number | undefined
  constructor(message: string, options: ErrorOptions & { readonly waitMs?: number | undefined }) {
    super(message, options)
    this.waitMs = options.waitMs
  }
}

/** Statuses by which a server says that the same request may do better later. */
export const isTemporary = (status: number): boolean =>
  status === 408 || status === 429 || (status >= 500 && status !== 507)

/** Milliseconds of a Retry-After header in seconds. */
export const retryAfter = (header: string | null | undefined): number | undefined =>
  header !== null && header !== undefined && /^\d{1,4}$/.test(header)
    ? Number(header) * SECOND_MS
    : undefined

/**
 * Makes an attempt again while it fails with `Temporary`, after a wait that grows and is partly chance, so that many
 * that failed together do not come back together.
 * @throws Temporary of the last attempt, or whatever else an attempt throws
 */
export const withRetries = async <T>(
  signal: AbortSignal,
  attempt: () => Promise<T>,
): Promise<T> => {
  for (let made = 1; ; made += 1) {
    try {
      return await attempt()
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof Temporary) || made === MAX_ATTEMPTS) throw error
      const bound = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** made)
      await wait(error.waitMs ?? bound * (0.5 + Math.random() / 2), undefined, { signal })
    }
  }
}
