import { createLimiter } from '../limiter.ts'
import { syncDirectory } from './durable.ts'

/** As many as Node has threads for files: more would only wait elsewhere. */
const AT_ONCE = 4

/**
 * Makes the names in directories durable, for many who want it at once: one flush that has not begun yet serves all who
 * come by then. Whoever deletes a thousand files touches every directory, and so does the next one.
 */
export const createSyncOnce = (sync = syncDirectory): ((directory: string) => Promise<void>) => {
  const limit = createLimiter(AT_ONCE)
  const waiting = new Map<string, Promise<void>>()
  return async (directory) => {
    const known = waiting.get(directory)
    if (known !== undefined) {
      await known
      return
    }
    const flush = async (): Promise<void> => {
      await limit(async () => {
        waiting.delete(directory)
        await sync(directory)
      })
    }
    // Not before it is known to those who come.
    const synced = Promise.resolve().then(flush)
    waiting.set(directory, synced)
    await synced
  }
}
