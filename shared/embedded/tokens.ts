import type { Clock, TransactOutcome } from '../ports.ts'

/** Ten minutes (DynamoDB, `TransactWriteItems`). */
const TOKEN_LIFETIME_MS = 10 * 60 * 1000

/** About 20 MB. More transactions than this in ten minutes forget the oldest tokens early. */
const MAX_TOKENS = 100_000

/** Makes a transaction once per token. In memory only: who holds a token lives in this process and dies with it. */
export const createTokens = (clock: Clock) => {
  const known = new Map<string, { readonly outcome: Promise<TransactOutcome>; expiresAt: number }>()

  /** A map keeps the order of insertion, so the oldest stand in front. */
  const forgetOld = (): void => {
    for (const [token, { expiresAt }] of known) {
      if (expiresAt > clock.now() && known.size <= MAX_TOKENS) return
      known.delete(token)
    }
  }

  return {
    /** Answers as the first call with the token did, or is doing; what did not come about may be tried again. */
    once: async (token: string, run: () => Promise<TransactOutcome>): Promise<TransactOutcome> => {
      forgetOld()
      const earlier = known.get(token)
      if (earlier !== undefined) return await earlier.outcome
      const outcome = run()
      const entry = { outcome, expiresAt: clock.now() + TOKEN_LIFETIME_MS }
      known.set(token, entry)
      const forget = (): void => {
        if (known.get(token) === entry) known.delete(token)
      }
      try {
        const { done } = await outcome
        if (!done) forget()
      } catch (error) {
        forget()
        throw error
      }
      return await outcome
    },
  }
}
