import type { Clock, TransactOutcome } from '../ports.ts'

/** Ten minutes (DynamoDB, `TransactWriteItems`). */
const TOKEN_LIFETIME_MS = 10 * 60 * 1000

/** Some 10 MB. More transactions than this in that time forget the oldest tokens early. */
const MAX_TOKENS = 50_000

/** One for all: whatever is kept for minutes, the collector of memory has to carry about. */
const DONE = Promise.resolve<TransactOutcome>({ done: true })

type Known = Map<string, Promise<TransactOutcome>>

/** Makes a transaction once per token. In memory only: who holds a token lives in this process and dies with it. */
export const createTokens = (clock: Clock) => {
  // Two generations, so that the old ones go all at once and none has to say when it came.
  let young: Known = new Map()
  let old: Known = new Map()
  let bornAt = clock.now()

  const grow = (): void => {
    if (clock.now() - bornAt <= TOKEN_LIFETIME_MS && young.size < MAX_TOKENS) return
    old = young
    young = new Map()
    bornAt = clock.now()
  }

  return {
    /** Answers as the first call with the token did, or is doing; what did not come about may be tried again. */
    once: async (token: string, run: () => Promise<TransactOutcome>): Promise<TransactOutcome> => {
      grow()
      const earlier = young.get(token) ?? old.get(token)
      if (earlier !== undefined) return await earlier
      const generation = young
      const outcome = run()
      generation.set(token, outcome)
      try {
        const { done } = await outcome
        if (done) generation.set(token, DONE)
        else generation.delete(token)
      } catch (error) {
        generation.delete(token)
        throw error
      }
      return await outcome
    },
  }
}
