import { setTimeout as delay } from 'node:timers/promises'

const DEADLINE_MS = 60_000
const PAUSE_MS = 20

/** Asks until the answer is there; throws, naming what was waited for, after a minute or when asking throws. */
export const eventually = async <T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
): Promise<T> => {
  const deadline = performance.now() + DEADLINE_MS
  while (performance.now() < deadline) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await delay(PAUSE_MS)
  }
  throw new Error(`waited in vain until ${what}`)
}
