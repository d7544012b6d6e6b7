import { collectInBackground, type Background } from '../../shared/gc/background.ts'

export type Collector = {
  /** Stops what is under way, waits for it, and begins nothing any more. */
  readonly end: () => Promise<void>
}

/** Looks for garbage every `everyMs` milliseconds, one look at a time. */
export const collectRegularly = (
  deps: Omit<Background, 'isEnding'>,
  everyMs: number,
  onError: (error: unknown) => void,
): Collector => {
  let isEnding = false
  let looking: Promise<void> | undefined
  const look = (): void => {
    if (looking !== undefined || isEnding) return
    looking = collectInBackground({ ...deps, isEnding: () => isEnding })
      .catch(onError)
      .finally(() => {
        looking = undefined
      })
  }
  const timer = setInterval(look, everyMs)
  // The process need not stay for it.
  timer.unref()
  return {
    end: async () => {
      isEnding = true
      clearInterval(timer)
      await looking
    },
  }
}
