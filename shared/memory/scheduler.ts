import type { Random } from './random.ts'

/**
 * Decides who goes on. Every call of a port waits for its turn when it arrives and again before it answers, so all
 * interleavings of any number of processes come down to the order in which turns are given.
 */
export type Scheduler = {
  /** Resolves when it is this actor's turn; never, when the actor has crashed. */
  readonly turn: (actor: Actor) => Promise<void>
  readonly sleep: (actor: Actor, milliseconds: number) => Promise<void>
  /** Milliseconds since the epoch, as the simulated world has it. */
  readonly now: () => number
}

/** A process, or the store itself (`STORE`), which goes on when processes crash. */
export type Actor = { readonly name: string; state: 'running' | 'frozen' | 'crashed' }

export const STORE: Actor = { name: 'store', state: 'running' }

/** Turns at once, in the order of asking, on the machine's clock: for tests that want no trouble. */
export const calmScheduler: Scheduler = {
  turn: () => Promise.resolve(),
  sleep: async (_actor, milliseconds) => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
  },
  now: () => Date.now(),
}

type Waiting = { readonly actor: Actor; readonly from: number; readonly go: () => void }

export type SteppedScheduler = Scheduler & {
  /** Gives one turn; answers false when nobody can go on, now or later. */
  readonly step: () => Promise<boolean>
  readonly advance: (milliseconds: number) => void
  /** Whether the store has finished everything that it began. */
  readonly isStoreIdle: () => boolean
}

const START = Date.UTC(2026, 0, 1)
const LONGEST_STEP_MS = 40

/** Turns one at a time, to whom chance decides; time passes a little with each. */
export const createSteppedScheduler = (random: Random): SteppedScheduler => {
  let now = START
  let waiting: Waiting[] = []

  const wait = async (actor: Actor, from: number): Promise<void> => {
    await new Promise<void>((resolve) => {
      waiting.push({ actor, from, go: resolve })
    })
  }

  const step = async (): Promise<boolean> => {
    waiting = waiting.filter(({ actor }) => actor.state !== 'crashed')
    const awake = waiting.filter(({ actor }) => actor.state === 'running')
    if (awake.length === 0) return false
    const earliest = Math.min(...awake.map(({ from }) => from))
    now = Math.max(now + random.below(LONGEST_STEP_MS), earliest)
    const chosen = random.pick(awake.filter(({ from }) => from <= now))
    if (chosen === undefined) return false
    waiting = waiting.filter((entry) => entry !== chosen)
    chosen.go()
    // Lets the chosen one run until it waits again.
    await new Promise((resolve) => setImmediate(resolve))
    return true
  }

  return {
    step,
    now: () => now,
    isStoreIdle: () => !waiting.some(({ actor }) => actor === STORE),
    advance: (milliseconds) => {
      now += milliseconds
    },
    turn: async (actor) => {
      await wait(actor, now)
    },
    sleep: async (actor, milliseconds) => {
      await wait(actor, now + milliseconds)
    },
  }
}
