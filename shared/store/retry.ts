import { PortError } from '../ports.ts'
import { randomFraction } from './random.ts'
import type { Store } from './store.ts'

const MAX_ATTEMPTS = 10
const FIRST_WAIT_MS = 10
const LONGEST_WAIT_MS = 1_000

/** What an attempt answers when nothing was decided and it should be made again. */
export const AGAIN = Symbol('again')

type Waiting = Pick<Store, 'clock' | 'ids'>
type Attempt<T> = () => Promise<T | typeof AGAIN>

/**
 * Makes attempts until one decides; waits a random while between them, longer each time, so that contenders for one
 * item spread out. An attempt that throws a `PortError` other than `full` is made again too: attempts must be safe to
 * repeat, whatever became of the last one.
 * @throws PortError of the last attempt, or `throttled` when nothing was decided in ten attempts
 */
export const retry = async <T>(store: Waiting, attempt: Attempt<T>): Promise<T> =>
  await repeat(store, attempt, (error) => error.failure !== 'full')

/**
 * As `retry`, but does not repeat an attempt that throws, so that one may leave something behind of which nobody knows
 * whether it was done.
 * @throws whatever an attempt throws, and PortError `throttled` when nothing was decided in ten attempts
 */
export const contend = async <T>(store: Waiting, attempt: Attempt<T>): Promise<T> =>
  await repeat(store, attempt, () => false)

const repeat = async <T>(
  store: Waiting,
  attempt: Attempt<T>,
  isRepeated: (error: PortError) => boolean,
): Promise<T> => {
  let failure: PortError | undefined
  for (let made = 0; made < MAX_ATTEMPTS; made += 1) {
    if (made > 0) await store.clock.sleep(wait(made, store))
    try {
      const outcome = await attempt()
      if (outcome !== AGAIN) return outcome
      failure = undefined
    } catch (error) {
      if (!(error instanceof PortError) || !isRepeated(error)) throw error
      failure = error
    }
  }
  throw (
    failure ?? new PortError('throttled', 'too many writers contend for the same item; try again')
  )
}

/** "Full jitter": anything from nothing to an exponentially growing bound. */
const wait = (made: number, store: Pick<Waiting, 'ids'>): number => {
  const bound = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** made)
  return Math.ceil(bound * randomFraction(store.ids))
}
