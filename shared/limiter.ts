/** Lets so many run at once, the others in the order in which they came. */
export type Limiter = <T>(run: () => Promise<T>) => Promise<T>

export const createLimiter = (most: number): Limiter => {
  let free = most
  const waiting: (() => void)[] = []
  return async (run) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    else free -= 1
    try {
      return await run()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}
