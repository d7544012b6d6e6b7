import { randomFillSync } from 'node:crypto'
import type { Ids } from '../ports.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const ID_CHARACTERS = 26
const FIVE_BITS = 0x1f
/** Asking the system for many ids' worth at a time makes one cost nearly nothing. */
const POOL_IDS = 256

/** Ids of 130 random bits each. */
export const createRandomIds = (): Ids => {
  const pool = new Uint8Array(POOL_IDS * ID_CHARACTERS)
  let at = pool.length
  return {
    next: () => {
      if (at === pool.length) {
        randomFillSync(pool)
        at = 0
      }
      let id = ''
      for (const end = at + ID_CHARACTERS; at < end; at += 1) {
        id += ALPHABET.charAt((pool[at] ?? 0) & FIVE_BITS)
      }
      return id
    },
  }
}
