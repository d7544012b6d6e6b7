const EVERY_MS = 2_000

/** Runs something again and again, one run at a time, until `end`, which runs it once more and waits for it. */
export const regularly = (
  run: () => Promise<void>,
  onError: (error: unknown) => void,
): { readonly end: () => Promise<void> } => {
  let running: Promise<void> = Promise.resolve()
  const next = (): void => {
    running = running.then(run).catch(onError)
  }
  const timer = setInterval(next, EVERY_MS)
  // The process need not stay for it.
  timer.unref()
  return {
    end: async () => {
      clearInterval(timer)
      next()
      await running
    },
  }
}
