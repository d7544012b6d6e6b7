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

/** Side by side, unless it is said otherwise. */
const AT_ONCE = 32

/**
 * Does something with each of a list, so many at once; the answers come in the order of the list. The first that fails
 * ends it, though what is under way goes on.
 */
export const sideBySide = async <T, Answer>(
  list: readonly T[],
  run: (one: T, index: number) => Promise<Answer>,
  most = AT_ONCE,
): Promise<readonly Answer[]> => {
  const answers: Answer[] = []
  // Lanes take from the list what comes next, so what is not begun yet costs nothing.
  const left = list.entries()
  const lane = async (): Promise<void> => {
    for (const [index, one] of left) answers[index] = await run(one, index)
  }
  await Promise.all(Array.from({ length: Math.min(most, list.length) }, lane))
  return answers
}

/** A list in parts of so many, the last one shorter. */
export const chunks = <T>(list: readonly T[], size: number): (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  )
