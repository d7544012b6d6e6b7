import type { Clock } from '../ports.ts'

const MAX_REMEMBERED = 1_000

/**
 * Asks once for a while, and only once at a time; what failed or is not known is asked again. `maxAgeMs`: of an answer
 * that will do, where that is less than usual; 0 asks in any case, and the others have the answer, too.
 */
export const remembering = <T>(clock: Pick<Clock, 'now'>, forMs: number) => {
  const known = new Map<string, { readonly value: Promise<T>; readonly at: number }>()
  return async (name: string, ask: () => Promise<T>, maxAgeMs = forMs): Promise<T> => {
    const found = known.get(name)
    if (found !== undefined && found.at + maxAgeMs > clock.now()) return await found.value
    const value = ask()
    if (known.size >= MAX_REMEMBERED) known.clear()
    const entry = { value, at: clock.now() }
    known.set(name, entry)
    const forget = (): void => {
      if (known.get(name) === entry) known.delete(name)
    }
    try {
      const answer = await value
      if (answer === undefined) forget()
      return answer
    } catch (error) {
      forget()
      throw error
    }
  }
}
