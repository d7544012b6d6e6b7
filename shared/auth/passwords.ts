import {
  argon2,
  createHmac,
  randomBytes,
  randomInt,
  timingSafeEqual,
  type Argon2Parameters,
} from 'node:crypto'
import { promisify } from 'node:util'
import { DomainError } from '../errors.ts'

/** What argon2id is told to spend on one password; the memory in KiB. */
export type PasswordCost = Readonly<Pick<Argon2Parameters, 'memory' | 'passes' | 'parallelism'>>

/** OWASP, "Password Storage Cheat Sheet": 19 MiB, two passes, one lane. */
export const PASSWORD_COST: PasswordCost = { memory: 19_456, passes: 2, parallelism: 1 }
const SALT_BYTES = 16
const HASH_BYTES = 32
/** Argon2 1.3, which is 0x13. */
const STORED =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/

const SHORTEST = 8
const LONGEST = 128
const NEEDED = [/[A-Z]/, /[a-z]/, /[0-9]/]

const derive = promisify(argon2)

/** The password as it may be stored: argon2id with a salt of its own, in PHC string format. */
export const hashPassword = async (
  password: string,
  cost: PasswordCost = PASSWORD_COST,
): Promise<string> => {
  const salt = randomBytes(SALT_BYTES)
  const hash = await argon2id(password, salt, HASH_BYTES, cost)
  const { memory, passes, parallelism } = cost
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${encode(salt)}$${encode(hash)}`
}

/**
 * Whether a password is the one that was stored; the time it takes tells nothing about how much of it was right. One that
 * was right is known again for as long as it is the one that is stored: clients send it with every request.
 * @throws Error when `stored` is not what `hashPassword` answers: the table is damaged, or newer than this code
 */
export const verifyPassword = async (stored: string, password: string): Promise<boolean> => {
  const [, memory, passes, parallelism, salt, hash] = STORED.exec(stored) ?? []
  if (salt === undefined || hash === undefined) throw new Error('no argon2id hash in the table')
  const mac = createHmac('sha256', MEMORY_KEY).update(stored).update(password).digest('base64')
  if (knownAsRight.has(mac)) return true
  const expected = Buffer.from(hash, 'base64')
  const cost = {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  }
  const actual = await argon2id(password, Buffer.from(salt, 'base64'), expected.length, cost)
  if (!timingSafeEqual(actual, expected)) return false
  if (knownAsRight.size >= MAX_KNOWN) knownAsRight.clear()
  knownAsRight.add(mac)
  return true
}

/** Neither a password nor anything that it could be guessed from: the key dies with the process. */
const MEMORY_KEY = randomBytes(HASH_BYTES)
const knownAsRight = new Set<string>()
const MAX_KNOWN = 1_000

/** Takes as long as `verifyPassword` of that cost, for whom there is no password to compare with; never true. */
export const verifyNobody = async (
  password: string,
  cost: PasswordCost = PASSWORD_COST,
): Promise<false> => {
  await argon2id(password, NOBODYS_SALT, HASH_BYTES, cost)
  return false
}

const NOBODYS_SALT = randomBytes(SALT_BYTES)

/**
 * Holds a new password to Harbor's rule: 8 to 128 characters, with an upper case letter, a lower case letter and a digit.
 * @throws DomainError BAD_REQUEST
 */
export const assertPassword = (text: string): void => {
  const fits = text.length >= SHORTEST && text.length <= LONGEST
  if (fits && hasEveryKind(text)) return
  throw new DomainError(
    'BAD_REQUEST',
    'a password must have 8 to 128 characters, with an upper case letter, a lower case letter and a digit',
  )
}

/** Whether a text has an upper case letter, a lower case letter and a digit. */
export const hasEveryKind = (text: string): boolean => NEEDED.every((kind) => kind.test(text))

/** Characters of an alphabet that nobody can foresee. */
export const randomText = (alphabet: string, characters: number): string =>
  Array.from({ length: characters }, () => alphabet.charAt(randomInt(alphabet.length))).join('')

const argon2id = async (
  password: string,
  salt: Buffer,
  tagLength: number,
  cost: PasswordCost,
): Promise<Buffer> =>
  await derive('argon2id', { ...cost, message: password, nonce: salt, tagLength })

const encode = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
