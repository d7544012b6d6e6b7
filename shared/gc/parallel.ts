/** Does something with every entry, so many at a time; answers in order. */
export const inParallel = async <T, R>(
  entries: readonly T[],
  atOnce: number,
  run: (entry: T) => Promise<R>,
): Promise<R[]> => {
  const results: R[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (;;) {
      const at = next
      next += 1
      const entry = entries[at]
      if (at >= entries.length || entry === undefined) return
      results[at] = await run(entry)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, entries.length) }, lane))
  return results
}
