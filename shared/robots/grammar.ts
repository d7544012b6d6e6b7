import { DomainError } from '../errors.ts'
import { FOREVER } from './robot.ts'

/** Harbor's grammar: a full name is then read in one way only, whatever the prefix. */
const NAME = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/
const LONGEST_NAME = 255
const LONGEST_DESCRIPTION = 1024
/** A thousand years; later times are no dates to some clients. */
const LONGEST_DAYS = 365_000

/** @throws DomainError BAD_REQUEST for what is no name of a robot */
export const assertName = (name: string): void => {
  if (name.length <= LONGEST_NAME && NAME.test(name)) return
  throw new DomainError(
    'BAD_REQUEST',
    'a robot name is made of lower-case letters, digits and single separators (. _ -)',
  )
}

/** @throws DomainError BAD_REQUEST for what is too long to be shown in a list, or no text at all */
export const assertDescription = (description: string): void => {
  if (description.length <= LONGEST_DESCRIPTION && description.isWellFormed()) return
  throw new DomainError(
    'BAD_REQUEST',
    `a description has at most ${LONGEST_DESCRIPTION} characters`,
  )
}

/** @throws DomainError BAD_REQUEST for anything but -1 or a whole number of days above 0 */
export const assertDuration = (days: number): void => {
  if (days === FOREVER || (Number.isInteger(days) && days > 0 && days <= LONGEST_DAYS)) return
  throw new DomainError('BAD_REQUEST', 'a duration is -1 (never ends) or a number of days above 0')
}
