import { PortError } from '../ports.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'

/**
 * Makes attempts until one decides, with waits in between; unlike `retry` it does not repeat one that throws, so an
 * attempt may leave something behind of which nobody knows whether it was done.
 * @throws whatever an attempt throws, and PortError `throttled` when nothing was decided in ten attempts
 */
export const contend = async <T>(
  store: Store,
  attempt: () => Promise<T | typeof AGAIN>,
): Promise<T> => {
  const { decided } = await retry(store, async () => {
    const running = attempt()
    const [outcome] = await Promise.allSettled([running])
    if (outcome.status === 'fulfilled' && outcome.value === AGAIN) return AGAIN
    return { decided: running }
  })
  const value = await decided
  if (value === AGAIN) throw new PortError('throttled', 'nothing was decided; try again')
  return value
}
