/** What users may be called and say of themselves, and how names and addresses are compared. */
import { DomainError } from '../errors.ts'

const MAX_CHARACTERS = 255
/** Sort keys end at 1,024 bytes (DynamoDB service limit). */
const MAX_KEY_BYTES = 1_024
/** Harbor's; the `$` is what tells a robot's name from a user's. */
const HARBORS_REFUSED = /[,"~#$%]/
/** A login by HTTP Basic ends the name at the first colon (RFC 7617 §2). */
const REFUSED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}:]/u
const MAIL = /^[^\s@"<>(),:;[\]\\]+@[^\s@"<>(),:;[\]\\]+$/u
/** Line breaks and tabs are welcome in a comment, other control characters are not. */
const REFUSED_IN_TEXT = /[^\P{Cc}\t\n\r]/u

/** A name that a user may have, in the spelling it is shown in. */
export type UserName = string & { readonly [brand]: 'UserName' }
declare const brand: unique symbol

/** @throws DomainError BAD_REQUEST for a name that Harbor refuses, or that nobody could log in with */
export const parseUserName = (text: string): UserName => {
  const name = toUserName(text)
  if (name !== undefined) return name
  throw new DomainError(
    'BAD_REQUEST',
    'a user name must have 1 to 255 characters, none of them , " ~ # $ % : or invisible, and no blanks around it',
  )
}

/** As `parseUserName`; `undefined` for what cannot be anybody's name. */
export const toUserName = (text: string): UserName | undefined => {
  if (!text.isWellFormed() || text.length > MAX_CHARACTERS) return undefined
  const name = text.normalize('NFC')
  const fits = name !== '' && name.length <= MAX_CHARACTERS && name === name.trim()
  if (!fits || HARBORS_REFUSED.test(name) || REFUSED.test(name)) return undefined
  return Buffer.byteLength(fold(name)) <= MAX_KEY_BYTES ? (name as UserName) : undefined
}

/** Two names or mail addresses are the same when this is the same. */
export const fold = (text: string): string => text.normalize('NFC').toLowerCase().normalize('NFC')

/**
 * A mail address; `undefined` for the empty text, which is none.
 * @throws DomainError BAD_REQUEST
 */
export const parseMail = (text: string): string | undefined => {
  if (text === '') return undefined
  const isWellFormed = text.isWellFormed() && text.length <= MAX_CHARACTERS
  if (isWellFormed && MAIL.test(text) && !REFUSED_IN_TEXT.test(text)) return text.normalize('NFC')
  throw new DomainError('BAD_REQUEST', 'this is no mail address of at most 255 characters')
}

/**
 * A real name, a comment, the name of a token.
 * @throws DomainError BAD_REQUEST
 */
export const parseText = (what: string, text: string): string => {
  const fits = text.isWellFormed() && text.length <= MAX_CHARACTERS
  if (fits && !REFUSED_IN_TEXT.test(text)) return text
  throw new DomainError('BAD_REQUEST', `${what} must have at most 255 characters`)
}
