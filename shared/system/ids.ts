import { randomFillSync } from 'node:crypto'
import type { Ids } from '../ports.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const CODES = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0))
const ID_CHARACTERS = 26
const FIVE_BITS = 0x1f
/** Asking the system for many ids' worth at a time makes one cost nearly nothing. */
const POOL_IDS = 256

/** The start that neighbours share: as much of an id as a bucket's key has for a folder, and enough to be met only once. */
const SHARED_CHARACTERS = 8
/** So many that a push or a clean-up has one start, so few that a bucket's folders fill evenly. */
const NEIGHBOURS = 4_096

/** Ids of 130 random bits each; of 90 of its own and 40 of its neighbours' where those begin alike. */
export const createRandomIds = (): Ids => {
  const pool = Buffer.alloc(POOL_IDS * ID_CHARACTERS)
  let at = pool.length
  const refill = (): void => {
    randomFillSync(pool)
    for (const [index, byte] of pool.entries()) pool[index] = CODES[byte & FIVE_BITS] ?? 0
    at = 0
  }
  const next = (): string => {
    if (at === pool.length) refill()
    const start = at
    at += ID_CHARACTERS
    return pool.toString('latin1', start, at)
  }
  let shared = ''
  let neighbours = NEIGHBOURS
  return {
    next,
    nextBeside: () => {
      if (neighbours === NEIGHBOURS) {
        shared = next().slice(0, SHARED_CHARACTERS)
        neighbours = 0
      }
      neighbours += 1
      return shared + next().slice(SHARED_CHARACTERS)
    },
  }
}
