import { setTimeout as wait } from 'node:timers/promises'
import { createLimiter } from '../../shared/limiter.ts'
import type { RegistryContext } from '../../shared/registry/context.ts'
import { verifyDirectUpload } from '../../shared/registry/uploads/direct/verify.ts'
import type { Hashing } from '../../shared/registry/uploads/hashing.ts'
import type { ObjectId } from '../../shared/table.ts'

/** Each reads a disk as fast as it can. */
const MAX_AT_ONCE = 2
/** How long a request waits for an end; the client asks again. */
const WAIT_MS = 5_000

export type Verifier = {
  /** Reads the object of a direct upload through, beside the request, and waits a while for that. */
  readonly verify: (oid: ObjectId) => Promise<void>
  /** Stops at the next piece; what was read so far is written down. */
  readonly end: () => Promise<void>
}

/**
 * Reads objects through in the background of this process. When it ends in the middle, the client asks the next process,
 * which begins the object anew.
 */
export const createVerifier = (context: RegistryContext, hashing: Hashing): Verifier => {
  const running = new Map<ObjectId, Promise<unknown>>()
  const limiter = createLimiter(MAX_AT_ONCE)
  let isEnding = false

  const run = async (oid: ObjectId): Promise<void> => {
    await limiter(async () => {
      try {
        await verifyDirectUpload(context, hashing, oid, () => !isEnding)
      } finally {
        running.delete(oid)
      }
    })
  }

  return {
    verify: async (oid) => {
      const known = running.get(oid) ?? (isEnding ? Promise.resolve() : run(oid))
      if (!isEnding) running.set(oid, known)
      // Whoever still waits is told; whoever does not will ask again.
      known.catch(() => undefined)
      const timer = new AbortController()
      try {
        await Promise.race([known, wait(WAIT_MS, undefined, { signal: timer.signal, ref: false })])
      } finally {
        timer.abort()
      }
    },
    end: async () => {
      isEnding = true
      await Promise.allSettled(running.values())
    },
  }
}
