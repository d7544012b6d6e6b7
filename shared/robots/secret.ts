import { createHash, timingSafeEqual } from 'node:crypto'
import {
  assertPassword,
  hashPassword,
  hasEveryKind,
  randomText,
  verifyNobody,
  verifyPassword,
  type PasswordCost,
} from '../auth/passwords.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** 62^26 is more than 2^154: a fast hash keeps it as well as a slow one. */
const RANDOM_CHARACTERS = 26
/** Tells a secret that was made here from one that was given, whoever may have it. */
const CHECK_CHARACTERS = 6
const GENERATED = /^[A-Za-z0-9]{32}$/

const FAST = 'sha256:'

/** A new secret of 32 characters that no one can guess; it holds to Harbor's rule for given ones. */
export const generateSecret = (): string => {
  for (;;) {
    const random = randomText(ALPHABET, RANDOM_CHARACTERS)
    const secret = `${random}${checkOf(random)}`
    if (hasEveryKind(secret)) return secret
  }
}

/**
 * Holds a secret that somebody gives to Harbor's rule.
 * @throws DomainError BAD_REQUEST
 */
export const assertSecret: (text: string) => void = assertPassword

/** A secret as it may be stored: SHA-256 of one that was made here, argon2id of one that was given. */
export const hashSecret = async (secret: string, cost?: PasswordCost): Promise<string> =>
  isGenerated(secret)
    ? `${FAST}${sha256(secret).toString('hex')}`
    : await hashPassword(secret, cost)

/**
 * Whether a secret is the one that was stored; `undefined`: there is none. How long that takes depends on the secret
 * that is shown and not on what is stored, so it tells nobody which robots there are.
 */
export const verifySecret = async (
  stored: string | undefined,
  secret: string,
  cost?: PasswordCost,
): Promise<boolean> => {
  if (isGenerated(secret)) {
    const actual = sha256(secret)
    const expected = stored?.startsWith(FAST) === true ? stored.slice(FAST.length) : ''
    const bytes = Buffer.from(expected, 'hex')
    return timingSafeEqual(actual, bytes.length === actual.length ? bytes : NOTHING)
  }
  if (stored === undefined || stored.startsWith(FAST)) return await verifyNobody(secret, cost)
  return await verifyPassword(stored, secret)
}

const isGenerated = (secret: string): boolean =>
  GENERATED.test(secret) &&
  checkOf(secret.slice(0, RANDOM_CHARACTERS)) === secret.slice(RANDOM_CHARACTERS)

const checkOf = (random: string): string =>
  Array.from(sha256(random).subarray(0, CHECK_CHARACTERS), (byte) =>
    ALPHABET.charAt(byte % ALPHABET.length),
  ).join('')

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** The hash of nothing that can be shown: no input with this hash is known. */
const NOTHING = Buffer.alloc(32)
