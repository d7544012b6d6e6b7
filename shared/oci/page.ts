import { RegistryError } from './errors.ts'

/** Which part of a list a client asks for (distribution-spec, "Listing Tags"). */
export type Page<T extends string = string> = {
  /** Entries at most; 0 asks for none. */
  readonly n: number
  /** The last entry that the client has. */
  readonly last?: T | undefined
}

const DEFAULT_ENTRIES = 100
/** Larger wishes are cut to this; the Link header leads on. */
const MAX_ENTRIES = 1_000
const NUMBER = /^[0-9]{1,30}$/

/**
 * Reads `n`; absent means 100, and more than 1,000 means 1,000.
 * @throws RegistryError UNSUPPORTED (400) for anything but a whole number from 0
 */
export const parsePageSize = (n: string | undefined): number => {
  if (n === undefined) return DEFAULT_ENTRIES
  if (!NUMBER.test(n)) {
    throw new RegistryError('UNSUPPORTED', {
      status: 400,
      message: 'n must be a whole number, 0 or more',
      detail: { n: n.slice(0, 40) },
    })
  }
  return Math.min(MAX_ENTRIES, Number(n))
}
