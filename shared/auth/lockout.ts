/**
 * Slows down who guesses passwords. Failures are counted per login name and network address, and per login name alone,
 * in windows of time, in the table, so that all processes count together:
 *
 * - A name and address that failed too often are refused for a while, longer each time, up to a minute.
 * - A name that failed too often, from wherever, is answered a little later, but always answered: whoever guesses from
 *   many addresses cannot lock out the one whose name it is.
 */
import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import * as z from 'zod'
import { DomainError } from '../errors.ts'
import type { Condition, Item, Key } from '../ports.ts'
import { readAll } from '../store/batch.ts'
import { AGAIN, retry } from '../store/retry.ts'
import type { Store } from '../store/store.ts'
import { key, SCHEMA_VERSION, TTL_ATTRIBUTE } from '../table.ts'

const WINDOW_MS = 15 * 60_000
/** A person mistypes a few times; a stale password in a script fails for ever. */
const FREE_TRIES_OF_PAIR = 5
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 60_000
const FREE_TRIES_OF_NAME = 20
const FIRST_DELAY_MS = 125
const LONGEST_DELAY_MS = 2_000

/** Who tries to log in, and from where; the name in whatever spelling makes it the same name. */
export type LoginAttempt = { readonly login: string; readonly address: string }

export type HeldBack = {
  readonly waitMs: number
  /** Whether a try before that is refused; otherwise it is only answered that much later. */
  readonly isRefused: boolean
}

/** A try that may be made; one of its two ends is to be told. */
export type OpenAttempt = {
  readonly failed: () => Promise<void>
  readonly succeeded: () => Promise<void>
}

type Failures = { readonly key: Key; readonly failures: number; readonly lastAt: number }
type History = { readonly pair: Failures; readonly name: Failures }

const failuresItem = z.object({ failures: z.number(), lastAt: z.number() })

/** How long a try has to wait as things stand; `undefined`: not at all. */
export const isHeldBack = async (
  store: Store,
  attempt: LoginAttempt,
): Promise<HeldBack | undefined> => heldBack(await readHistory(store, attempt), store.clock.now())

/** Counts a try that was wrong. */
export const recordFailure = async (store: Store, attempt: LoginAttempt): Promise<void> => {
  const { pair, name } = keysOf(attempt, store.clock.now())
  await Promise.all([countFailure(store, pair), countFailure(store, name)])
}

/** Forgets what this name did wrong from this address; writes nothing when there was nothing. */
export const recordSuccess = async (store: Store, attempt: LoginAttempt): Promise<void> => {
  await forget(store, (await readHistory(store, attempt)).pair)
}

/**
 * Makes a try wait if it has to be slow; `undefined` when it is refused. Of tries that begin at the same moment after
 * too many failures only one is let through, so that asking many times at once does not help.
 */
export const beginAttempt = async (
  store: Store,
  attempt: LoginAttempt,
): Promise<OpenAttempt | undefined> => {
  const history = await readHistory(store, attempt)
  const { pair, name } = history
  const held = heldBack(history, store.clock.now())
  if (held?.isRefused === true) return undefined
  if (held !== undefined) await store.clock.sleep(held.waitMs)
  const isClaimed = pair.failures >= FREE_TRIES_OF_PAIR
  if (isClaimed && !(await claim(store, pair))) return undefined
  return {
    failed: async () => {
      // Beyond the longest delay more failures change nothing: whoever makes thousands does not keep the table busy.
      const counted = [
        ...(isClaimed ? [] : [pair]),
        ...(delayOfName(name) < LONGEST_DELAY_MS ? [name] : []),
      ]
      await Promise.all(counted.map(async (one) => await countFailure(store, one.key)))
    },
    succeeded: async () => {
      await forget(store, pair)
    },
  }
}

/**
 * Makes a guess at a password that is no login, and counts as one: nobody guesses faster by it. `isWrong` tells whether
 * that is why it failed.
 * @throws DomainError FORBIDDEN when too many guesses were wrong, and whatever the guess throws
 */
export const guess = async <T>(
  store: Store,
  attempt: LoginAttempt,
  make: () => Promise<T>,
  isWrong: (error: unknown) => boolean,
): Promise<T> => {
  const open = await beginAttempt(store, attempt)
  if (open === undefined) {
    throw new DomainError('FORBIDDEN', 'too many wrong passwords; try again in a minute')
  }
  try {
    const made = await make()
    await open.succeeded()
    return made
  } catch (error) {
    await (isWrong(error) ? open.failed() : open.succeeded())
    throw error
  }
}

const heldBack = ({ pair, name }: History, now: number): HeldBack | undefined => {
  const refusedMs = waitOfPair(pair, now)
  if (refusedMs > 0) return { waitMs: refusedMs, isRefused: true }
  const waitMs = delayOfName(name)
  return waitMs > 0 ? { waitMs, isRefused: false } : undefined
}

const waitOfPair = ({ failures, lastAt }: Failures, now: number): number => {
  if (failures < FREE_TRIES_OF_PAIR) return 0
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - FREE_TRIES_OF_PAIR))
  // The clock of whoever wrote it may be ahead of ours.
  return Math.min(wait, lastAt + wait - now)
}

const delayOfName = ({ failures }: Failures): number =>
  failures < FREE_TRIES_OF_NAME
    ? 0
    : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - FREE_TRIES_OF_NAME))

const readHistory = async (store: Store, attempt: LoginAttempt): Promise<History> => {
  const { pair, name } = keysOf(attempt, store.clock.now())
  const found = await readAll(store, [pair, name], 'strong')
  return { pair: parseFailures(pair, found.get(pair)), name: parseFailures(name, found.get(name)) }
}

const parseFailures = (at: Key, item: Item | undefined): Failures =>
  item === undefined
    ? { key: at, failures: 0, lastAt: 0 }
    : { key: at, ...failuresItem.parse(item) }

const countFailure = async (
  store: Store,
  at: Key,
  conditions: readonly Condition[] = [],
): Promise<'done' | 'refused'> =>
  await retry(store, async () => {
    const now = store.clock.now()
    const outcome = await store.kv.write({
      op: 'update',
      key: at,
      set: { v: SCHEMA_VERSION, lastAt: now, [TTL_ATTRIBUTE]: secondsOf(now + 2 * WINDOW_MS) },
      add: { failures: 1 },
      conditions,
    })
    return outcome === 'conflict' ? AGAIN : outcome
  })

/** Counts the try as a failure before it is made; `false`: somebody else's try came between. */
const claim = async (store: Store, { key: at, failures }: Failures): Promise<boolean> =>
  (await countFailure(store, at, [{ kind: 'equals', name: 'failures', value: failures }])) ===
  'done'

const forget = async (store: Store, { key: at, failures }: Failures): Promise<void> => {
  if (failures === 0) return
  await retry(store, async () => {
    const outcome = await store.kv.write({ op: 'delete', key: at })
    return outcome === 'conflict' ? AGAIN : outcome
  })
}

/** The window is part of the key: a new one begins at nothing, and counting is one write without a read. */
const keysOf = ({ login, address }: LoginAttempt, now: number): { pair: Key; name: Key } => {
  const window = Math.floor(now / WINDOW_MS)
  const name = login.normalize('NFC').toLowerCase()
  return {
    pair: key.failedLogins(hash(['pair', name, networkOf(address), window])),
    name: key.failedLogins(hash(['name', name, window])),
  }
}

/** Names and addresses come from outside and may hold any character; nor is it anybody's business who mistyped. */
const hash = (parts: readonly (string | number)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex')

/** Whoever has one IPv6 address has at least 2^64 of them: the first 64 bits tell them apart. */
const networkOf = (address: string): string => {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? []
  if (mapped !== undefined) return mapped
  if (!isIPv6(address)) return address
  const [left = [], right = []] = address
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''))
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  const groups = [...left, ...zeros, ...right].slice(0, 4)
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')
}

const secondsOf = (milliseconds: number): number => Math.ceil(milliseconds / 1_000)
