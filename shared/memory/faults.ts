import { PortError } from '../ports.ts'
import type { Random } from './random.ts'
import { STORE, type Actor, type Scheduler } from './scheduler.ts'

/** How often things go wrong, each a probability per call. */
export type Faults = {
  /** Refused with `throttled`. */
  readonly throttle: number
  /** Fails with `unknown`; whether it was done, or is done later, is left to chance. */
  readonly ambiguous: number
  /** A batch leaves some of its work undone. */
  readonly unprocessed: number
  /** An eventual read answers what was. */
  readonly stale: number
  /** A read of several items sees them at several moments. */
  readonly torn: number
}

export const NO_FAULTS: Faults = { throttle: 0, ambiguous: 0, unprocessed: 0, stale: 0, torn: 0 }

export const ROUGH: Faults = {
  throttle: 0.01,
  ambiguous: 0.02,
  unprocessed: 0.05,
  stale: 0.3,
  torn: 0.1,
}

const LATE_TURNS = 30

export type Troubled = {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly faults: Faults
}

/** A read as a client meets it: it waits, may fail, and answers a moment later than it looked. */
export const troubledRead = async <T>(
  { scheduler, random, faults }: Troubled,
  actor: Actor,
  read: () => T,
): Promise<T> => {
  await scheduler.turn(actor)
  if (random.chance(faults.throttle)) throw new PortError('throttled', 'simulated throttling')
  const answer = read()
  await scheduler.turn(actor)
  return answer
}

/**
 * A write as a client meets it: the answer may be lost, and the write done all the same, or not, or after the client has
 * long gone on. What the store has begun it finishes, whatever becomes of the client.
 */
export const troubledWrite = async <T>(
  { scheduler, random, faults }: Troubled,
  actor: Actor,
  write: () => Promise<T> | T,
): Promise<T> => {
  await scheduler.turn(actor)
  if (random.chance(faults.throttle)) throw new PortError('throttled', 'simulated throttling')
  if (!random.chance(faults.ambiguous)) {
    const answer = await write()
    await scheduler.turn(actor)
    return answer
  }
  if (random.chance(0.33)) await write()
  else if (random.chance(0.5)) void late(scheduler, random, write)
  await scheduler.turn(actor)
  throw new PortError('unknown', 'simulated loss of the answer')
}

const late = async (scheduler: Scheduler, random: Random, write: () => unknown): Promise<void> => {
  for (let turns = random.below(LATE_TURNS); turns >= 0; turns -= 1) await scheduler.turn(STORE)
  await write()
}
