import type { Ids } from '../ports.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/** A whole number from 0 to below `count`, by the randomness of ids: one of 1,024 values. */
export const randomBelow = (ids: Ids, count: number): number =>
  Math.floor(randomFraction(ids) * count)

/** From 0 to below 1. */
export const randomFraction = (ids: Ids): number => {
  const [first = 'a', second = 'a'] = ids.next()
  return (
    (ALPHABET.indexOf(first) * ALPHABET.length + ALPHABET.indexOf(second)) / ALPHABET.length ** 2
  )
}
