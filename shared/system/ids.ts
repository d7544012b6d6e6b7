import { randomFillSync } from 'node:crypto'
import type { Ids } from '../ports.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const CODES = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0))
const ID_CHARACTERS = 26
const FIVE_BITS = 0x1f
/** Asking the system for many ids' worth at a time makes one cost nearly nothing. */
const POOL_IDS = 256

/** Ids of 130 random bits each. */
export const createRandomIds = (): Ids => {
  const pool = Buffer.alloc(POOL_IDS * ID_CHARACTERS)
  let at = pool.length
  const refill = (): void => {
    randomFillSync(pool)
    for (const [index, byte] of pool.entries()) pool[index] = CODES[byte & FIVE_BITS] ?? 0
    at = 0
  }
  return {
    next: () => {
      if (at === pool.length) refill()
      const start = at
      at += ID_CHARACTERS
      return pool.toString('latin1', start, at)
    },
  }
}
