/** Random choices that a seed repeats exactly. */
export type Random = {
  /** From 0 up to, not including, 1. */
  readonly fraction: () => number
  /** A whole number from 0 up to, not including, `below`. */
  readonly below: (below: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <T>(list: readonly T[]) => T | undefined
}

/** The generator is mulberry32: small, and good enough to shuffle schedules. */
export const createRandom = (seed: number): Random => {
  let state = seed >>> 0
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number): number => Math.floor(fraction() * bound)
  return {
    fraction,
    below,
    chance: (probability) => fraction() < probability,
    pick: (list) => list[below(list.length)],
  }
}

const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const ID_CHARACTERS = 26

/** Ids in the form of `Ids`, as unique as the random choices are. */
export const randomId = (random: Random): string => {
  let id = ''
  for (let length = 0; length < ID_CHARACTERS; length += 1) {
    id += ID_ALPHABET.charAt(random.below(ID_ALPHABET.length))
  }
  return id
}
