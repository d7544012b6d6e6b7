import { createHash } from 'node:crypto'

/** What a 64-bit float holds exactly, as clients in JavaScript need it. */
const BITS = 53n

/**
 * The number by which Harbor's API calls something that has no counter of its own, since one would be a meeting place of
 * all pushes: made of what the thing is, so the same at every time, above 0.
 */
export const numberFor = (...identity: readonly string[]): number => {
  const hash = createHash('sha256').update(identity.join('\n')).digest()
  return Number(BigInt.asUintN(Number(BITS), hash.readBigUInt64BE())) || 1
}
